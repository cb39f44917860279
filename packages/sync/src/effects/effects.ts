import {
  answerNow,
  type CascadeAnswer,
  type CascadePlan,
  type CascadeQuestion,
  type CascadeStep,
  type Cell,
  type Cells,
  cellsToValues,
  type ModelIndex,
  planAssign,
  planDelete,
  pointerValues,
  type RowValues,
  type Table,
  twinTables,
  valuesToCells,
} from '@outpost/model';
import {
  type DeviceStore,
  quoted,
  type RowChange,
  type RowImage,
  type WriteTx,
} from '@outpost/store';
import { ensureBase } from '../apply/overlay.ts';
import { type Reader, readEntries, readerOf } from '../outbox/entry.ts';
import type { EntryKey } from '../protocol/index.ts';
import { addEffects, type RowEffect, readEffects } from './effect.ts';

/** One change of a row by the user. */
export type DirectChange = Pick<RowChange, 'table' | 'id' | 'kind' | 'before' | 'after'>;

/** The user's own changes in a transaction, and what each does besides. */
export interface CarriedOut {
  readonly direct: readonly RowChange[];
  of(change: Pick<RowChange, 'table' | 'id'>): readonly RowEffect[];
}

/** Does on the device, in the transaction of an edit, what the organization will do besides it. */
export class Effects {
  readonly #store: DeviceStore;
  #index: ModelIndex | null = null;
  readonly #carriedOut = new WeakMap<WriteTx, CarriedOut>();

  constructor(store: DeviceStore) {
    this.#store = store;
  }

  /** Effects follow these definitions from now on. */
  use(index: ModelIndex): void {
    this.#index = index;
  }

  /** What deleting a row does, as far as this device knows; null before the definitions are here. */
  planDeletion(table: string, id: string): CascadePlan | null {
    const index = this.#index;
    const definition = index?.table(table);
    if (index === null || definition === undefined) return null;
    const rows: Rows = {
      all: (sql, params) => this.#store.all(sql, params),
      get: (name, row) => this.#store.get(name, row),
    };
    return answerNow(planDelete(index, definition, id), (one) => this.#answer(rows, one));
  }

  /** Carries out what the user's changes in this transaction do besides. Called once, after all of them. */
  carryOut(tx: WriteTx): void {
    const direct = tx.changes;
    const effects = new Map<string, readonly RowEffect[]>();
    for (const change of direct) effects.set(nameOf(change), this.#effectsOf(tx, change));
    this.#carriedOut.set(tx, { direct, of: (change) => effects.get(nameOf(change)) ?? [] });
  }

  carriedOut(tx: WriteTx): CarriedOut | null {
    return this.#carriedOut.get(tx) ?? null;
  }

  /** Carries out what an edit does that is queued again. */
  again(tx: WriteTx, key: EntryKey, change: DirectChange): void {
    addEffects(tx.sql, key, this.#effectsOf(tx, change));
  }

  /**
   * Rows have come from the organization. Those that belong to a row whose deletion waits go with it as well: the
   * organization will take them along when it carries the deletion out.
   */
  arrived(tx: WriteTx, rows: Iterable<{ readonly table: string; readonly id: string }>): void {
    const deleted = deletedRows(tx);
    if (deleted.size === 0) return;
    const parents = new Map<string, DeletedRow>();
    for (const { table, id } of rows) {
      const image = tx.get(table, id);
      for (const cell of image ?? []) {
        const parent = typeof cell === 'string' ? deleted.get(cell) : undefined;
        if (parent !== undefined) parents.set(nameOf(parent), parent);
      }
    }
    for (const { key, table, id } of parents.values()) {
      this.again(tx, key, { table, id, kind: 'delete', before: null, after: null });
    }
  }

  #effectsOf(tx: WriteTx, change: DirectChange): readonly RowEffect[] {
    const index = this.#index;
    const table = index?.table(change.table);
    if (index === null || table === undefined) return [];
    const effects: RowEffect[] = [];
    const work: Work = { tx, index, has: (name) => this.#store.schema.has(name), effects };
    if (change.kind === 'delete') this.#remove(work, table, change.id);
    else {
      mirror(work, table, change.id, true, change.kind === 'insert');
      if (change.kind === 'update') this.#assign(work, table, change);
    }
    return effects;
  }

  #remove(work: Work, table: Table, id: string): void {
    const rows = rowsOf(work.tx);
    const plan = answerNow(planDelete(work.index, table, id), (one) => this.#answer(rows, one));
    // Whoever asked before knows; the organization says so again.
    if (plan.kind !== 'planned') return;
    for (const step of plan.steps) carryOutStep(work, step, { table: table.name, id });
  }

  #assign(work: Work, table: Table, { id, before, after }: DirectChange): void {
    const slot = work.tx.schemaOf(table.name).slotIndex.get('ownerid');
    if (table.ownership !== 'user' || slot === undefined) return;
    const [from, to] = [textAt(before, slot), textAt(after, slot)];
    if (from === to) return;
    const rows = rowsOf(work.tx);
    const planning = planAssign(work.index, table, id, { from, to });
    const plan = answerNow(planning, (one) => this.#answer(rows, one));
    if (plan.kind !== 'planned') return;
    const values = readValues(work, table, id);
    const owner = {
      ownerid: values?.['ownerid'] ?? null,
      owningbusinessunit: values?.['owningbusinessunit'] ?? null,
    };
    for (const step of plan.steps) {
      const child = work.index.table(step.table);
      if (child !== undefined) change(work, child, step.id, owner, false);
    }
  }

  #answer(rows: Rows, question: CascadeQuestion): CascadeAnswer {
    const { ask, table, id } = question;
    const schema = this.#store.schema.get(table);
    // What is not on this device is the organization's matter alone.
    if (schema === undefined) return ask === 'children' ? [] : null;
    const { slotIndex } = schema;
    if (ask === 'row') {
      const image = rows.get(table, id);
      const state = image?.[slotIndex.get('statecode') ?? -1];
      return image && { owner: textAt(image, slotIndex.get('ownerid')), isActive: state === 0 };
    }
    if (!slotIndex.has(question.column)) return [];
    const key = quoted(schema.table.primaryId);
    const sql = `SELECT ${key} FROM ${quoted(table)} WHERE ${quoted(question.column)} = ? ORDER BY 1`;
    return rows.all(sql, [id]).map(([child]) => String(child));
  }
}

/** Where rows are read: the store, or a transaction. */
interface Rows extends Reader {
  get(table: string, id: string): RowImage | null;
}

function rowsOf(tx: WriteTx): Rows {
  return { ...readerOf(tx.sql), get: (table, id) => tx.get(table, id) };
}

interface Work {
  readonly tx: WriteTx;
  readonly index: ModelIndex;
  /** Whether a table is on this device. */
  has(table: string): boolean;
  readonly effects: RowEffect[];
}

function carryOutStep(
  work: Work,
  step: CascadeStep,
  edited: { readonly table: string; readonly id: string },
): void {
  const table = work.index.table(step.table);
  if (table === undefined || (step.table === edited.table && step.id === edited.id)) return;
  if (step.do === 'clear') return change(work, table, step.id, { [step.column]: null }, false);
  const isTwin = step.do === 'delete' && step.isTwin && step.id === edited.id;
  write(work, 'delete', step.table, step.id, {}, isTwin);
}

/** Other values in some columns of a row, and in its other view. */
function change(work: Work, table: Table, id: string, values: RowValues, isTwin: boolean): void {
  write(work, 'update', table.name, id, valuesToCells(table, values), isTwin);
  mirror(work, table, id, isTwin, false);
}

/**
 * What `activitypointer` shows of an activity, when both tables are on this device. The profile may leave the pointer of
 * an older activity out: then there is nothing to keep equal.
 */
function mirror(work: Work, table: Table, id: string, isTwin: boolean, isNew: boolean): void {
  if (table.isActivity !== true) return;
  const values = readValues(work, table, id);
  if (values === null) return;
  for (const pointer of twinTables(work.index, table)) {
    if (!work.has(pointer.name)) continue;
    const cells = valuesToCells(pointer, pointerValues(pointer, table, values));
    const isThere = work.tx.get(pointer.name, id) !== null;
    write(work, isNew && !isThere ? 'create' : 'update', pointer.name, id, cells, isTwin);
  }
}

function write(
  { tx, has, effects }: Work,
  op: RowEffect['op'],
  table: string,
  id: string,
  cells: Cells,
  isTwin: boolean,
): void {
  if (!has(table)) return;
  const before = tx.get(table, id);
  if (before === null && op !== 'create') return;
  ensureBase(tx, table, id, before);
  if (op === 'delete') tx.delete(table, id);
  else if (op === 'create') tx.insert(table, id, cells);
  else tx.update(table, id, cells);
  const after = tx.get(table, id);
  const set: Record<string, Cell> = {};
  for (const [i, { name }] of after === null ? [] : tx.schemaOf(table).slots.entries()) {
    const cell = after?.[i] ?? null;
    if (cell !== (before?.[i] ?? null)) set[name] = cell;
  }
  effects.push({ op, table, id, set, isTwin });
}

function readValues({ tx }: Work, table: Table, id: string): RowValues | null {
  const image = tx.get(table.name, id);
  if (image === null) return null;
  const { slotIndex } = tx.schemaOf(table.name);
  return cellsToValues(table, (slot) => image[slotIndex.get(slot) ?? -1] ?? null);
}

interface DeletedRow {
  readonly key: EntryKey;
  readonly table: string;
  readonly id: string;
}

/** Rows that edits delete which the organization has not carried out yet, by id; an activity and its pointer share one. */
function deletedRows(tx: WriteTx): ReadonlyMap<string, DeletedRow> {
  const reader = readerOf(tx.sql);
  const waiting = "op = 'delete' AND state IN ('queued', 'sent')";
  const edits = readEntries(reader, waiting);
  const effects = readEffects(reader, "f.op = 'delete' AND o.state IN ('queued', 'sent')");
  return new Map([...effects, ...edits].map((one) => [one.id, one]));
}

function textAt(image: RowImage | null, at: number | undefined): string | null {
  const cell = image?.[at ?? -1];
  return typeof cell === 'string' ? cell : null;
}

function nameOf({ table, id }: { readonly table: string; readonly id: string }): string {
  return `${table}/${id}`;
}
