import {
  type Cell,
  type Cells,
  type Column,
  type ColumnValue,
  can,
  cellsToValue,
  composedValues,
  isLookup,
  isLookupValue,
  type ModelIndex,
  type Privilege,
  parseValue,
  type RowValues,
  type SecurityContext,
  syncErrorTable,
  type Table,
  valueToCells,
  versionColumn,
} from '@outpost/model';
import { name } from '@outpost/query';
import type { Program } from '@outpost/rules';
import type { ConflictPolicy } from '@outpost/sync/protocol';
import { ChangeLog } from '../feed/change-log.ts';
import { businessUnitSlot, ownerSlot } from '../store/physical-schema.ts';
import type { WriteTx } from '../store/server-store.ts';
import { nextNumber } from '../store/state.ts';
import { conflictingColumns } from './conflict.ts';
import { Refusal } from './refusal.ts';
import { readRow, type StoredRow, toValues } from './row-access.ts';

/** What does not change while the organization runs. */
export interface WriteEnv {
  readonly index: ModelIndex;
  /** Table-scope rules by table. */
  readonly programs: ReadonlyMap<string, Program>;
  /** Relationships whose source rows bring target rows to devices, by source table: [column, target]. */
  readonly targetEdges: ReadonlyMap<string, readonly (readonly [string, string])[]>;
  readonly now: () => number;
}

/** Who writes. `system` loads initial rows: no checks, given owners and dates. */
export type Writer =
  | { readonly kind: 'user'; readonly context: SecurityContext; readonly name: string }
  | { readonly kind: 'system' };

export interface RowWrite {
  readonly op: 'create' | 'update' | 'delete';
  readonly table: string;
  readonly id: string;
  readonly set: Cells;
  /** Absent: nothing is compared. */
  readonly expected?: {
    readonly policy: ConflictPolicy;
    readonly version: number;
    readonly base: Cells;
  };
}

const maxCascadeRows = 50_000;

/** All row writes of one transaction: checks, values, rules, cascades, versions and the change log. */
export class RowWriter {
  readonly log: ChangeLog;
  readonly #env: WriteEnv;
  readonly #tx: WriteTx;
  readonly #writer: Writer;
  #cascaded = 0;

  constructor(env: WriteEnv, tx: WriteTx, writer: Writer) {
    this.#env = env;
    this.#tx = tx;
    this.#writer = writer;
    this.log = new ChangeLog(tx);
  }

  /** Carries out one write and answers the row's new version. Throws `Refusal` for what must not happen. */
  async write(write: RowWrite): Promise<number> {
    const table = this.#env.index.table(write.table);
    if (table === undefined)
      throw new Refusal('unknownTable', `Table "${write.table}" does not exist.`);
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
    const given = this.#readValues(table, write.set);
    const values: Record<string, ColumnValue> = { ...defaults(table), ...given };
    this.#stamp(table, values, true);
    await this.#setOwner(table, values, null);
    fitStatus(table, values, given, null);
    this.#runRules(table, null, values);
    checkRequired(table, values, this.#writer);
    const linked = await this.#resolveLookups(table, values, null);
    const access = await this.#accessOf(table, write.id, values);
    this.#demand('create', table, access.owner, access.businessUnit);
    if (linked) this.#demand('append', table, access.owner, access.businessUnit);
    return this.#store(table, write.id, null, values, access);
  }

  async #update(table: Table, write: RowWrite): Promise<number> {
    const row = await this.#existing(table, write.id);
    this.#demand('write', table, row.owner, row.businessUnit);
    const skip = this.#checkConflict(table, write, row);
    const before = toValues(table, row.cells);
    const given = this.#readValues(table, write.set);
    for (const column of skip) delete given[column];
    const values: Record<string, ColumnValue> = { ...before, ...given };
    this.#stamp(table, values, false);
    await this.#setOwner(table, values, row);
    fitStatus(table, values, given, before);
    this.#runRules(table, before, values);
    const linked = await this.#resolveLookups(table, values, before);
    if (linked) this.#demand('append', table, row.owner, row.businessUnit);
    return this.#store(table, write.id, row, values, await this.#accessOf(table, write.id, values));
  }

  async #delete(table: Table, write: RowWrite): Promise<number> {
    const row = await readRow(this.#tx, table, write.id);
    // Deleting what is gone already is what the user wanted.
    if (row === null) return nextNumber(this.#tx, 'version');
    this.#demand('delete', table, row.owner, row.businessUnit);
    this.#checkConflict(table, write, row);
    await this.#remove(table, write.id, row);
    return nextNumber(this.#tx, 'version');
  }

  async #existing(table: Table, id: string): Promise<StoredRow> {
    const row = await readRow(this.#tx, table, id);
    if (row !== null) return row;
    throw new Refusal('objectDoesNotExist', `${table.label} With Id = ${id} Does Not Exist`, 1);
  }

  #demand(
    privilege: Privilege,
    table: Table,
    owner: string | null,
    businessUnit: string | null,
  ): void {
    if (this.#writer.kind === 'system') return;
    const { ownership, name: tableName } = table;
    const decision = can(this.#writer.context, privilege, {
      table: tableName,
      ownership,
      owner,
      businessUnit,
    });
    if (decision.allowed) return;
    const what =
      decision.reason === 'noPrivilege'
        ? `No role grants ${privilege} on ${table.label}.`
        : `The ${table.label} row is outside the reach of your ${privilege} privilege.`;
    throw new Refusal('privilegeDenied', what);
  }

  /** Columns that need no write because somebody else wrote the same value. Throws on a conflict. */
  #checkConflict(table: Table, write: RowWrite, row: StoredRow): readonly string[] {
    const { expected } = write;
    if (expected === undefined || expected.policy === 'off' || table.name === syncErrorTable.name) {
      return [];
    }
    if (row.cells[versionColumn.name] === expected.version) return [];
    const message = `${table.label} was changed by somebody else.`;
    if (expected.policy === 'on' || write.op === 'delete') {
      throw new Refusal('concurrencyVersionMismatch', message, 0, Object.keys(write.set));
    }
    const { conflicts, equal } = conflictingColumns(table, row.cells, expected.base, write.set);
    if (conflicts.length === 0) return equal;
    const columns = conflicts.join(', ');
    throw new Refusal(
      'concurrencyVersionMismatch',
      `${message} Columns: ${columns}.`,
      0,
      conflicts,
    );
  }

  /** Values of the cells a client sent, checked column by column. What only the platform writes is ignored. */
  #readValues(table: Table, set: Cells): Record<string, ColumnValue> {
    const values: Record<string, ColumnValue> = {};
    for (const slot of Object.keys(set)) {
      const columnName = slot.replace(/\$[tn]$/, '');
      const column = table.columns.find((one) => one.name === columnName);
      if (column === undefined) {
        if (columnName === versionColumn.name) continue;
        throw new Refusal('unknownColumn', `Table "${table.name}" has no column "${slot}".`);
      }
      if (slot !== columnName || columnName === table.primaryId) continue;
      if (column.readOnly === true && this.#writer.kind === 'user') continue;
      const parsed = parseValue(
        column,
        cellsToValue(column, (one) => set[one] ?? null),
      );
      if (parsed.kind === 'invalid') throw invalidValue(parsed.code, parsed.message, column);
      values[columnName] = parsed.value;
    }
    return values;
  }

  #stamp(table: Table, values: Record<string, ColumnValue>, created: boolean): void {
    const now = `${new Date(this.#env.now()).toISOString().slice(0, 19)}Z`;
    const who: ColumnValue =
      this.#writer.kind === 'user'
        ? { table: 'systemuser', id: this.#writer.context.userId, name: this.#writer.name }
        : null;
    const put = (column: string, value: ColumnValue, always: boolean) => {
      if (value === null || !table.columns.some((one) => one.name === column)) return;
      if (always || (values[column] ?? null) === null) values[column] = value;
    };
    const user = this.#writer.kind === 'user';
    if (created) {
      put('createdon', now, user);
      put('createdby', who, user);
    }
    put('modifiedon', now, user);
    put('modifiedby', who, user);
  }

  async #setOwner(
    table: Table,
    values: Record<string, ColumnValue>,
    before: StoredRow | null,
  ): Promise<void> {
    if (table.ownership !== 'user') return;
    if ((values['ownerid'] ?? null) === null && this.#writer.kind === 'user') {
      const { context, name: userName } = this.#writer;
      values['ownerid'] = { table: 'systemuser', id: context.userId, name: userName };
    }
    const owner = values['ownerid'] ?? null;
    if (!isLookupValue(owner)) return;
    if (before !== null && before.owner !== owner.id) {
      this.#demand('assign', table, before.owner, before.businessUnit);
    }
    if (before !== null && before.owner === owner.id) return;
    const unit = await this.#businessUnitOf(owner.table, owner.id);
    if (unit !== null) values['owningbusinessunit'] = { table: 'businessunit', id: unit };
  }

  async #businessUnitOf(table: string, id: string): Promise<string | null> {
    if (table !== 'systemuser' && table !== 'team') return null;
    const row = await this.#tx.all(
      `SELECT businessunitid FROM ${name(table)} WHERE ${name(`${table}id`)} = ?`,
      [id],
    );
    const unit = row[0]?.[0];
    return unit === null || unit === undefined ? null : String(unit);
  }

  #runRules(table: Table, before: RowValues | null, values: Record<string, ColumnValue>): void {
    if (this.#writer.kind === 'system') return;
    const result = this.#env.programs.get(table.name)?.runTableScope(before, values);
    if (result === undefined) return;
    if (result.kind === 'refused') {
      const messages = result.errors.map((error) => error.message).join(' ');
      throw new Refusal(
        'isvAborted',
        messages,
        3,
        result.errors.map((error) => error.column),
      );
    }
    Object.assign(values, result.values);
  }

  /** New lookup values must point at rows that exist; their names are stored with them. True: the user set one. */
  async #resolveLookups(
    table: Table,
    values: Record<string, ColumnValue>,
    before: RowValues | null,
  ): Promise<boolean> {
    let linked = false;
    for (const column of table.columns) {
      const value = values[column.name] ?? null;
      if (!isLookup(column) || !isLookupValue(value)) continue;
      const old = before?.[column.name] ?? null;
      const same = isLookupValue(old) && old.id === value.id && old.table === value.table;
      const named = value.name !== undefined && this.#writer.kind === 'system';
      if (same || named) {
        if (same) values[column.name] = old;
        continue;
      }
      values[column.name] = await this.#resolve(table, column, value.table, value.id);
      linked ||= links(table, column);
    }
    return linked;
  }

  async #resolve(table: Table, column: Column, target: string, id: string): Promise<ColumnValue> {
    const definition = this.#env.index.table(target);
    const row = definition === undefined ? null : await readRow(this.#tx, definition, id);
    if (definition === undefined || row === null) {
      // A sync error may regard a row that is gone: that can be what it says.
      const free = this.#writer.kind === 'system' || column.readOnly === true;
      if (free || table.name === syncErrorTable.name) return { table: target, id };
      const message = `${column.label}: ${target} With Id = ${id} Does Not Exist`;
      throw new Refusal('objectDoesNotExist', message, 3, [column.name]);
    }
    if (links(table, column)) {
      this.#demand('appendTo', definition, row.owner, row.businessUnit);
    }
    const shown = definition.primaryName === null ? null : row.cells[definition.primaryName];
    return shown === null || shown === undefined
      ? { table: target, id }
      : { table: target, id, name: String(shown) };
  }

  /** Owner and business unit that access to the row follows; rows without an owner follow their parent. */
  async #accessOf(
    table: Table,
    id: string,
    values: RowValues,
  ): Promise<{ readonly owner: string | null; readonly businessUnit: string | null }> {
    const idOf = (column: string): string | null => {
      const value = values[column] ?? null;
      return isLookupValue(value) ? value.id : null;
    };
    if (table.name === 'businessunit') return { owner: null, businessUnit: id };
    if (table.name === 'systemuser' || table.name === 'team') {
      return { owner: id, businessUnit: idOf('businessunitid') };
    }
    if (table.ownership === 'user') {
      return { owner: idOf('ownerid'), businessUnit: idOf('owningbusinessunit') };
    }
    if (table.ownership !== 'none') return { owner: null, businessUnit: null };
    for (const { column, cascade } of this.#env.index.referencing(table.name)) {
      const parent = values[column] ?? null;
      if (cascade.delete !== 'cascade' || !isLookupValue(parent)) continue;
      const definition = this.#env.index.table(parent.table);
      const row = definition === undefined ? null : await readRow(this.#tx, definition, parent.id);
      if (row !== null) return { owner: row.owner, businessUnit: row.businessUnit };
    }
    return { owner: null, businessUnit: null };
  }

  async #store(
    table: Table,
    id: string,
    before: StoredRow | null,
    values: RowValues,
    access: { readonly owner: string | null; readonly businessUnit: string | null },
  ): Promise<number> {
    const version = await nextNumber(this.#tx, 'version');
    const cells: Record<string, Cell> = {};
    const complete = { ...values, ...composedValues(table, values) };
    for (const column of table.columns) {
      Object.assign(cells, valueToCells(column, complete[column.name] ?? null));
    }
    cells[table.primaryId] = id;
    cells[versionColumn.name] = version;
    const stored = { ...cells, [ownerSlot]: access.owner, [businessUnitSlot]: access.businessUnit };
    await this.#upsert(table, id, stored, before !== null);
    await this.#logChange(table, id, before, cells, access);
    if (table.isActivity === true) await this.#mirrorActivity(table, id, stored);
    if (
      before !== null &&
      (before.owner !== access.owner || before.businessUnit !== access.businessUnit)
    ) {
      await this.#moveChildren(table, id, access);
    }
    return version;
  }

  async #upsert(table: Table, id: string, cells: Cells, exists: boolean): Promise<void> {
    const slots = Object.keys(cells);
    const params = slots.map((slot) => cells[slot] ?? null);
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
    access: { readonly owner: string | null; readonly businessUnit: string | null },
  ): Promise<void> {
    const entry = { table: table.name, id };
    const moved =
      before !== null &&
      (before.owner !== access.owner || before.businessUnit !== access.businessUnit);
    // Who could see the row under its old owner must learn that it left.
    if (moved)
      await this.log.add({ ...entry, owner: before.owner, businessUnit: before.businessUnit });
    await this.log.add({ ...entry, owner: access.owner, businessUnit: access.businessUnit });
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
  async #moveChildren(
    table: Table,
    id: string,
    access: { readonly owner: string | null; readonly businessUnit: string | null },
  ): Promise<void> {
    for (const one of this.#env.index.referenced(table.name)) {
      const child = this.#env.index.table(one.table);
      if (child === undefined || child.ownership !== 'none' || one.cascade.delete !== 'cascade')
        continue;
      for (const [childId] of await this.#childrenOf(one.table, one.column, id)) {
        const row = await readRow(this.#tx, child, String(childId));
        if (row === null) continue;
        await this.#tx.run(
          `UPDATE ${name(child.name)} SET ${name(ownerSlot)} = ?, ${name(businessUnitSlot)} = ? WHERE ${name(child.primaryId)} = ?`,
          [access.owner, access.businessUnit, String(childId)],
        );
        await this.#logChange(child, String(childId), row, row.cells, access);
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
  async #remove(table: Table, id: string, row: StoredRow): Promise<void> {
    this.#cascaded += 1;
    if (this.#cascaded > maxCascadeRows) {
      throw new Refusal(
        'invalidArgument',
        `Deleting would cascade to more than ${maxCascadeRows} rows.`,
      );
    }
    for (const one of this.#env.index.referenced(table.name)) {
      const child = this.#env.index.table(one.table);
      if (child === undefined || one.cascade.delete === 'noCascade') continue;
      const children = await this.#childrenOf(one.table, one.column, id);
      if (children.length > 0 && one.cascade.delete === 'restrict') {
        throw new Refusal(
          'cannotDeleteDueToAssociation',
          `${table.label} is used by ${child.pluralLabel}.`,
        );
      }
      for (const [childId] of children)
        await this.#removeChild(child, String(childId), one.column, one.cascade.delete);
    }
    await this.#tx.run(`DELETE FROM ${name(table.name)} WHERE ${name(table.primaryId)} = ?`, [id]);
    await this.#logChange(table, id, row, null, {
      owner: row.owner,
      businessUnit: row.businessUnit,
    });
    await this.#removeActivityTwin(table, id);
  }

  async #removeChild(child: Table, id: string, column: string, kind: string): Promise<void> {
    const row = await readRow(this.#tx, child, id);
    if (row === null) return;
    if (kind === 'cascade') {
      await this.#remove(child, id, row);
      return;
    }
    if (kind !== 'removeLink') return;
    const values = { ...toValues(child, row.cells), [column]: null };
    await this.#store(child, id, row, values, { owner: row.owner, businessUnit: row.businessUnit });
  }

  /** Every activity also appears in `activitypointer`, under the same id. */
  async #mirrorActivity(table: Table, id: string, cells: Cells): Promise<void> {
    const pointer = this.#env.index.table('activitypointer');
    if (pointer === undefined || table.name === pointer.name) return;
    const before = await readRow(this.#tx, pointer, id);
    const values = toValues(table, cells);
    const shared: Record<string, ColumnValue> = {};
    for (const column of pointer.columns) shared[column.name] = values[column.name] ?? null;
    if (pointer.columns.some((column) => column.name === 'activitytypecode')) {
      shared['activitytypecode'] = table.name;
    }
    const owner = cells[ownerSlot] ?? null;
    const businessUnit = cells[businessUnitSlot] ?? null;
    await this.#store(pointer, id, before, shared, {
      owner: owner === null ? null : String(owner),
      businessUnit: businessUnit === null ? null : String(businessUnit),
    });
  }

  async #removeActivityTwin(table: Table, id: string): Promise<void> {
    const twins = this.#env.index.model.tables.filter((other) =>
      table.name === 'activitypointer'
        ? other.isActivity === true
        : table.isActivity === true && other.name === 'activitypointer',
    );
    for (const twin of twins) {
      if (twin.name === table.name) continue;
      const row = await readRow(this.#tx, twin, id);
      if (row !== null) await this.#remove(twin, id, row);
    }
  }
}

/** True for lookups that need append and append-to: those a user sets, ownership aside. */
function links(table: Table, column: Column): boolean {
  return column.readOnly !== true && column.type !== 'owner' && table.name !== syncErrorTable.name;
}

function defaults(table: Table): Record<string, ColumnValue> {
  const values: Record<string, ColumnValue> = {};
  for (const column of table.columns) {
    if (column.default !== undefined) values[column.name] = column.default;
  }
  return values;
}

/** State and status must fit; one given alone brings the other along. */
function fitStatus(
  table: Table,
  values: Record<string, ColumnValue>,
  given: RowValues,
  before: RowValues | null,
): void {
  const stateColumn = table.columns.find((column) => column.type === 'state');
  const statusColumn = table.columns.find((column) => column.type === 'status');
  if (stateColumn === undefined || statusColumn === undefined) return;
  const statusOption = (value: ColumnValue | undefined) =>
    statusColumn.options?.find((option) => option.value === value);
  const givenState = given[stateColumn.name];
  const givenStatus = given[statusColumn.name];
  if (givenStatus !== undefined && givenState === undefined) {
    const state = statusOption(givenStatus)?.state;
    if (state !== undefined) values[stateColumn.name] = state;
  } else if (givenState !== undefined && givenStatus === undefined) {
    const changed = givenState !== (before?.[stateColumn.name] ?? null);
    const option = stateColumn.options?.find((one) => one.value === givenState);
    if (changed && option?.defaultStatus !== undefined)
      values[statusColumn.name] = option.defaultStatus;
  }
  const status = statusOption(values[statusColumn.name]);
  const state = values[stateColumn.name];
  if (status?.state !== undefined && state !== undefined && status.state !== state) {
    const message = `Status "${status.label}" does not belong to state ${String(state)}.`;
    throw new Refusal('invalidStatusForState', message, 3, [stateColumn.name, statusColumn.name]);
  }
}

function checkRequired(table: Table, values: RowValues, writer: Writer): void {
  if (writer.kind === 'system') return;
  for (const column of table.columns) {
    if (column.required !== 'system' || column.readOnly === true) continue;
    if (column.name === table.primaryId || (values[column.name] ?? null) !== null) continue;
    throw new Refusal('requiredFieldMissing', `${column.label} is required.`, 3, [column.name]);
  }
}

function invalidValue(code: string, message: string, column: Column): Refusal {
  const refusal = new Refusal('invalidArgument', message, 3, [column.name]);
  return Object.assign(refusal, { code });
}
