import {
  activityPointer,
  answerLater,
  type CascadeAnswer,
  type CascadePlanning,
  type CascadeQuestion,
  type CascadeStep,
  type Cell,
  type Cells,
  type ColumnValue,
  composedValues,
  defaultValues,
  isDocumentColumn,
  type ManyToMany,
  maxCascadeRows,
  type Privilege,
  planAssign,
  planDelete,
  pointerValues,
  type RowValues,
  restrictedMessage,
  systemTables,
  type Table,
  tooManyMessage,
  twinTables,
  valuesToCells,
  versionColumn,
} from '@outpost/model';
import { name } from '@outpost/query';
import { dropContent } from '../documents/content.ts';
import { ChangeLog } from '../feed/change-log.ts';
import { everybody, removeShares, sharedWith, writeShare } from '../security/shares.ts';
import { foldedCopies } from '../store/folded-copy.ts';
import { businessUnitSlot, ownerSlot } from '../store/physical-schema.ts';
import { dropKeys, noteKeys } from '../store/row-keys.ts';
import type { WriteTx } from '../store/server-store.ts';
import { refusePointer } from './activity-pointer.ts';
import { setAutoNumbers } from './auto-numbers.ts';
import { demandCascade, sharedOn } from './cascade-rights.ts';
import { refuseClosed } from './closed-rows.ts';
import { checkConflict } from './conflict.ts';
import { demand } from './demand.ts';
import { resolveLookups } from './lookups.ts';
import { accessOf, setOwner } from './ownership.ts';
import { Refusal } from './refusal.ts';
import { readRow, rowValues, type StoredRow } from './row-access.ts';
import { takeDocuments } from './row-documents.ts';
import {
  checkFlowInstance,
  checkRequired,
  completeStatus,
  readValues,
  runRules,
  stamp,
} from './row-values.ts';
import type { RowAccess, RowWrite, WriteEnv, Writer, WriteScope } from './write-env.ts';

/** All row writes of one transaction: checks, values, rules, cascades, versions and the change log. */
export class RowWriter {
  readonly log: ChangeLog;
  readonly #scope: WriteScope;
  readonly #env: WriteEnv;
  readonly #tx: WriteTx;
  readonly #writer: Writer;
  #cascaded = 0;

  constructor(env: WriteEnv, tx: WriteTx, writer: Writer) {
    this.#scope = { env, tx, writer };
    this.#env = env;
    this.#tx = tx;
    this.#writer = writer;
    this.log = new ChangeLog(tx, env.now());
  }

  /** Carries out one write and answers the row's new version. Throws `Refusal` for what must not happen. */
  async write(write: RowWrite): Promise<number> {
    const table = this.#env.index.table(write.table);
    if (table === undefined)
      throw new Refusal('unknownTable', `Table "${write.table}" does not exist.`);
    if (write.op !== 'delete') refusePointer(this.#writer, table, write.op);
    switch (write.op) {
      case 'create':
        return this.#create(table, write);
      case 'update':
        return this.#update(table, write);
      case 'delete':
        return this.#delete(table, write);
      default:
        return write.op satisfies never;
    }
  }

  async #create(table: Table, write: RowWrite): Promise<number> {
    if ((await readRow(this.#tx, table, write.id)) !== null) {
      throw new Refusal('duplicateRecord', `${table.label} ${write.id} exists already.`, 2);
    }
    const given = readValues(this.#writer, table, write.set, 'create');
    await takeDocuments(this.#scope, table, write.id, given, null);
    const values: Record<string, ColumnValue> = { ...defaultValues(table), ...given };
    stamp(this.#writer, this.#env.now(), table, values, true);
    await setOwner(this.#scope, table, write.id, values, null);
    completeStatus(table, values, given, null);
    runRules(this.#env, this.#writer, table, null, values);
    checkFlowInstance(this.#env, this.#writer, table, null, values);
    await setAutoNumbers(this.#scope, table, values);
    checkRequired(table, values, this.#writer);
    const linked = await resolveLookups(this.#scope, table, values, null);
    const access = await accessOf(this.#scope, table, write.id, values);
    await demand(this.#scope, 'create', table, access, null);
    if (linked) await demand(this.#scope, 'append', table, access, null);
    return this.#store(table, write.id, null, values, access);
  }

  async #update(table: Table, write: RowWrite): Promise<number> {
    const row = await this.#existing(table, write.id);
    await demand(this.#scope, 'write', table, row, write.id);
    const before = rowValues(table, row);
    // Who may not set a column learns nothing of its value.
    const given = readValues(this.#writer, table, write.set, 'update');
    const skip = checkConflict(this.#writer, table, write, row);
    for (const column of skip) delete given[column];
    refuseClosed(this.#env, this.#writer, table, before, given);
    await takeDocuments(this.#scope, table, write.id, given, before);
    const values: Record<string, ColumnValue> = { ...before, ...given };
    stamp(this.#writer, this.#env.now(), table, values, false);
    await setOwner(this.#scope, table, write.id, values, row);
    completeStatus(table, values, given, before);
    runRules(this.#env, this.#writer, table, before, values);
    checkFlowInstance(this.#env, this.#writer, table, before, values);
    const linked = await resolveLookups(this.#scope, table, values, before);
    if (linked) await demand(this.#scope, 'append', table, row, write.id);
    const access = await accessOf(this.#scope, table, write.id, values);
    const version = await this.#store(table, write.id, row, values, access);
    if (table.ownership === 'user' && access.owner !== row.owner) {
      await this.#assignChildren(table, write.id, row.owner, { owner: access.owner, values });
    }
    return version;
  }

  /** Gives rows that point at an assigned row to the new owner, as their relationships say. */
  async #assignChildren(
    table: Table,
    id: string,
    from: string | null,
    { owner, values }: { readonly owner: string | null; readonly values: RowValues },
  ): Promise<void> {
    const owners = { from, to: owner };
    const most = this.#cascadesLeft;
    for (const step of await this.#planned(planAssign(this.#env.index, table, id, owners, most))) {
      const child = this.#env.index.table(step.table);
      const row = child === undefined ? null : await readRow(this.#tx, child, step.id);
      if (child === undefined || row === null) continue;
      await demandCascade(this.#scope, 'assign', child, row, step.id);
      const given = {
        ...rowValues(child, row),
        ownerid: values['ownerid'] ?? null,
        owningbusinessunit: values['owningbusinessunit'] ?? null,
      };
      const access = await accessOf(this.#scope, child, step.id, given);
      this.#countCascade();
      await this.#store(child, step.id, row, given, access);
    }
  }

  get #cascadesLeft(): number {
    return (this.#env.maxCascadeRows ?? maxCascadeRows) - this.#cascaded;
  }

  /** The steps of a plan, or a `Refusal`. */
  async #planned(planning: CascadePlanning): Promise<readonly CascadeStep[]> {
    const plan = await answerLater(planning, (question) => this.#answer(question));
    if (plan.kind === 'planned') return plan.steps;
    if (plan.kind === 'tooMany') throw this.#tooMany();
    const { table, child, count } = plan;
    throw new Refusal('cannotDeleteDueToAssociation', restrictedMessage(table, child, count));
  }

  async #answer(question: CascadeQuestion): Promise<CascadeAnswer> {
    const { ask, table, id } = question;
    if (ask === 'children') {
      return (await this.#childrenOf(table, question.column, id)).map(([child]) => String(child));
    }
    const definition = this.#env.index.table(table);
    const row = definition === undefined ? null : await readRow(this.#tx, definition, id);
    return row && { owner: row.owner, isActive: row.cells['statecode'] === 0 };
  }

  /**
   * Connects two rows of a many-to-many relationship, or parts them; both need append and append-to. What is so already
   * stays so.
   */
  async associate(
    { intersect, table1, column1, table2, column2 }: ManyToMany,
    [id1, id2]: readonly [string, string],
    connected: boolean,
    newId: string,
  ): Promise<void> {
    const table = this.#env.index.table(intersect);
    if (table === undefined) throw new Refusal('unknownTable', `"${intersect}" does not exist.`);
    for (const [end, id] of [
      [table1, id1],
      [table2, id2],
    ] as const) {
      const definition = this.#env.index.table(end);
      if (definition === undefined) throw new Refusal('unknownTable', `"${end}" does not exist.`);
      const row = await this.#existing(definition, id);
      await demand(this.#scope, 'append', definition, row, id);
      await demand(this.#scope, 'appendTo', definition, row, id);
    }
    // Who has which rights is no ordinary pair.
    const access = { owner: null, businessUnit: null };
    const decides = systemTables.some((one) => one.name === intersect);
    if (decides) await demand(this.#scope, connected ? 'create' : 'delete', table, access, null);
    const pairs = await this.#tx.all(
      `SELECT ${name(table.primaryId)} FROM ${name(intersect)} WHERE ${name(column1)} = ? AND ${name(column2)} = ?`,
      [id1, id2],
    );
    if (connected && pairs.length === 0) {
      const pair = {
        [column1]: { table: table1, id: id1 },
        [column2]: { table: table2, id: id2 },
      };
      const own = await accessOf(this.#scope, table, newId, pair);
      await this.#store(table, newId, null, pair, own);
    }
    for (const [pair] of connected ? [] : pairs) {
      await this.#remove(table, String(pair));
    }
  }

  /** Gives a principal rights on a row, or takes them away, and does the same to what cascades from it. */
  async share(
    tableName: string,
    id: string,
    principal: string | null,
    rights: readonly Privilege[],
  ): Promise<void> {
    const table = this.#env.index.table(tableName);
    if (table === undefined)
      throw new Refusal('unknownTable', `Table "${tableName}" does not exist.`);
    refusePointer(this.#writer, table, 'share');
    const row = await this.#existing(table, id);
    await demand(this.#scope, 'share', table, row, id);
    for (const right of rights) await demand(this.#scope, right, table, row, id);
    await this.#shareTree(table, id, principal, rights, new Set());
  }

  async #shareTree(
    table: Table,
    id: string,
    principal: string | null,
    rights: readonly Privilege[],
    seen: Set<string>,
  ): Promise<void> {
    if (seen.has(`${table.name}/${id}`)) return;
    seen.add(`${table.name}/${id}`);
    this.#countCascade();
    const pointers = table.isActivity === true ? twinTables(this.#env.index, table) : [];
    for (const shown of table.name === activityPointer ? [table] : [table, ...pointers]) {
      await writeShare(this.#tx, shown.name, id, principal, rights);
      // The row may enter or leave what the principal sees.
      const scope = principal ?? everybody;
      await this.log.add({ table: shown.name, id, owner: scope, businessUnit: null });
    }
    const action = rights.length === 0 ? 'unshare' : 'share';
    for (const one of this.#env.index.referenced(table.name)) {
      const child = this.#env.index.table(one.table);
      if (child?.ownership !== 'user' || one.cascade[action] !== 'cascade') continue;
      for (const [childId] of await this.#childrenOf(one.table, one.column, id)) {
        const row = await readRow(this.#tx, child, String(childId));
        const given = row && (await sharedOn(this.#scope, rights, child, row, String(childId)));
        if (given !== null) await this.#shareTree(child, String(childId), principal, given, seen);
      }
    }
  }

  #countCascade(): void {
    this.#cascaded += 1;
    if (this.#cascadesLeft < 0) throw this.#tooMany();
  }

  #tooMany(): Refusal {
    const most = this.#env.maxCascadeRows ?? maxCascadeRows;
    return new Refusal('invalidArgument', tooManyMessage(most));
  }

  async #delete(table: Table, write: RowWrite): Promise<number> {
    const row = await readRow(this.#tx, table, write.id);
    // Deleting what is gone already is what the user wanted.
    if (row === null) return this.#tx.engine.nextVersion(this.#tx);
    await demand(this.#scope, 'delete', table, row, write.id);
    checkConflict(this.#writer, table, write, row);
    await this.#remove(table, write.id);
    return this.#tx.engine.nextVersion(this.#tx);
  }

  async #existing(table: Table, id: string): Promise<StoredRow> {
    const row = await readRow(this.#tx, table, id);
    if (row !== null) return row;
    throw new Refusal('objectDoesNotExist', `${table.label} With Id = ${id} Does Not Exist`, 1);
  }

  async #store(
    table: Table,
    id: string,
    before: StoredRow | null,
    values: RowValues,
    access: RowAccess,
  ): Promise<number> {
    const version = await this.#tx.engine.nextVersion(this.#tx);
    const cells: Cells = {
      ...valuesToCells(table, { ...values, ...composedValues(table, values) }),
      [table.primaryId]: id,
      [versionColumn.name]: version,
    };
    await this.#noteKeys(table, id, before, cells);
    const stored = { ...cells, [ownerSlot]: access.owner, [businessUnitSlot]: access.businessUnit };
    await this.#upsert(table, id, stored, before !== null);
    await this.#logChange(table, id, before, cells, access);
    if (table.isActivity === true) await this.#mirrorActivity(table, id, stored);
    if (before !== null && hasMoved(before, access)) await this.#moveChildren(table, id, access);
    return version;
  }

  /** Alternate keys are unique; a row without a value in one of the columns has none. */
  async #noteKeys(table: Table, id: string, before: StoredRow | null, cells: Cells): Promise<void> {
    const key = await noteKeys(this.#tx, table, id, before?.cells ?? null, cells);
    if (key === null) return;
    const message = `Another ${table.label} has the same ${key.columns.join(', ')}.`;
    throw new Refusal('duplicateEntityKey', message, 2, key.columns);
  }

  async #upsert(table: Table, id: string, cells: Cells, exists: boolean): Promise<void> {
    const copies = this.#tx.engine.storesFolded ? foldedCopies(table, cells) : {};
    const stored = { ...cells, ...copies };
    const slots = Object.keys(stored);
    const params = slots.map((slot) => stored[slot] ?? null);
    if (!exists) {
      const places = slots.map(() => '?').join(', ');
      await this.#tx.run(
        `INSERT INTO ${name(table.name)} (${slots.map(name).join(', ')}) VALUES (${places})`,
        params,
      );
      return;
    }
    const sets = slots.map((slot) => `${name(slot)} = ?`).join(', ');
    await this.#tx.run(
      `UPDATE ${name(table.name)} SET ${sets} WHERE ${name(table.primaryId)} = ?`,
      [...params, id],
    );
  }

  async #logChange(
    table: Table,
    id: string,
    before: StoredRow | null,
    after: Cells | null,
    access: RowAccess,
  ): Promise<void> {
    const entry = { table: table.name, id };
    // Who could see the row under its old owner must learn that it left.
    if (before !== null && hasMoved(before, access))
      await this.log.add({ ...entry, owner: before.owner, businessUnit: before.businessUnit });
    await this.log.add({ ...entry, owner: access.owner, businessUnit: access.businessUnit });
    // Those it is shared with look for it under their own name.
    for (const principal of await sharedWith(this.#tx, table.name, id)) {
      await this.log.add({ ...entry, owner: principal, businessUnit: null });
    }
    for (const [column, target] of this.#env.targetEdges.get(table.name) ?? []) {
      const old = before?.cells[column] ?? null;
      const current = after?.[column] ?? null;
      if (old === current) continue;
      for (const lookup of [old, current]) await this.#logTarget(target, lookup);
    }
  }

  /** A row that gained or lost its only reason to be on devices. */
  async #logTarget(target: string, id: Cell): Promise<void> {
    const definition = this.#env.index.table(target);
    if (definition === undefined || typeof id !== 'string') return;
    const row = await readRow(this.#tx, definition, id);
    if (row !== null) {
      await this.log.add({ table: target, id, owner: row.owner, businessUnit: row.businessUnit });
    }
  }

  /** Rows without an owner of their own follow their parent's. */
  async #moveChildren(table: Table, id: string, access: RowAccess): Promise<void> {
    for (const one of this.#env.index.referenced(table.name)) {
      const child = this.#env.index.table(one.table);
      if (child === undefined || child.ownership !== 'none' || one.cascade.delete !== 'cascade')
        continue;
      for (const [childId] of await this.#childrenOf(one.table, one.column, id)) {
        const row = await readRow(this.#tx, child, String(childId));
        if (row === null || !hasMoved(row, access)) continue;
        this.#countCascade();
        await this.#tx.run(
          `UPDATE ${name(child.name)} SET ${name(ownerSlot)} = ?, ${name(businessUnitSlot)} = ? WHERE ${name(child.primaryId)} = ?`,
          [access.owner, access.businessUnit, String(childId)],
        );
        await this.#logChange(child, String(childId), row, row.cells, access);
        await this.#moveChildren(child, String(childId), access);
      }
    }
  }

  async #childrenOf(
    table: string,
    column: string,
    id: string,
  ): Promise<readonly (readonly Cell[])[]> {
    const primary = this.#env.index.table(table)?.primaryId ?? '';
    return this.#tx.all(
      `SELECT ${name(primary)} FROM ${name(table)} WHERE ${name(column)} = ? ORDER BY 1`,
      [id],
    );
  }

  /** Removes a row and what its relationships say goes with it. */
  async #remove(table: Table, id: string): Promise<void> {
    const most = this.#cascadesLeft;
    for (const step of await this.#planned(planDelete(this.#env.index, table, id, most))) {
      const definition = this.#env.index.table(step.table);
      const row = definition === undefined ? null : await readRow(this.#tx, definition, step.id);
      if (definition === undefined || row === null) continue;
      if (step.do === 'clear') {
        const values = { ...rowValues(definition, row), [step.column]: null };
        await this.#store(definition, step.id, row, values, row);
        continue;
      }
      this.#countCascade();
      // The row itself was asked for; its pointer goes because the activity does.
      const isAsked = step.table === table.name && step.id === id;
      const isPointer = step.do === 'delete' && step.isTwin && step.table === activityPointer;
      if (!isAsked && !isPointer)
        await demandCascade(this.#scope, 'delete', definition, row, step.id);
      await this.#erase(definition, step.id, row);
    }
  }

  async #erase(table: Table, id: string, row: StoredRow): Promise<void> {
    await this.#tx.run(`DELETE FROM ${name(table.name)} WHERE ${name(table.primaryId)} = ?`, [id]);
    await this.#logChange(table, id, row, null, row);
    await removeShares(this.#tx, table.name, id);
    await dropKeys(this.#tx, table, id);
    if (table.columns.some(isDocumentColumn)) {
      await dropContent(this.#tx, { table: table.name, id, column: null });
    }
  }

  /** Every activity also appears in `activitypointer`, under the same id. */
  async #mirrorActivity(table: Table, id: string, cells: Cells): Promise<void> {
    const pointer = this.#env.index.table(activityPointer);
    if (pointer === undefined || table.name === pointer.name) return;
    const before = await readRow(this.#tx, pointer, id);
    const owner = cells[ownerSlot] ?? null;
    const businessUnit = cells[businessUnitSlot] ?? null;
    await this.#store(
      pointer,
      id,
      before,
      pointerValues(pointer, table, rowValues(table, { cells })),
      {
        owner: owner === null ? null : String(owner),
        businessUnit: businessUnit === null ? null : String(businessUnit),
      },
    );
  }
}

function hasMoved(before: RowAccess, after: RowAccess): boolean {
  return before.owner !== after.owner || before.businessUnit !== after.businessUnit;
}
