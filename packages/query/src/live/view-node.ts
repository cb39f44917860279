import { type Cell, columnSlots, type ModelIndex } from '@outpost/model';
import type { ChangeSet, DeviceStore, RowChange } from '@outpost/store';
import { withCurrentNames } from '../engine/lookup-names.ts';
import { checkGuard, countRows } from '../engine/run-plan.ts';
import { compareCells, compareKeys, type Predicate, sortKeysOf } from '../predicate/evaluate.ts';
import { QueryError } from '../query-error.ts';
import type { QueryPlan, QueryRow } from '../sql/compile.ts';
import { buildRow, type ShownParents } from './build-row.ts';
import { type CommitImages, ImageReader, type ReaderOptions } from './row-images.ts';
import { classify, type RoutingTerm, routingTerm, type ViewClass } from './view-class.ts';
import { patchBetween, rowKeys, type ViewSnapshot } from './view-snapshot.ts';
import { passes, watchPredicates } from './watch-predicates.ts';

/** What a node did so far, for `explain` and tests. */
export interface ViewCounters {
  /** Row changes that were looked at. */
  routed: number;
  /** Row changes that changed the rows kept. */
  patched: number;
  /** Reads of rows behind the last one kept. */
  refills: number;
  /** Times the whole view was asked again. */
  requeries: number;
  emissions: number;
  lastReason: string;
}

interface Entry {
  readonly id: string;
  readonly keys: readonly Cell[];
  row: QueryRow;
  /** Null until a parent of some row changes. */
  parents: ShownParents | null;
}

interface Place {
  readonly keys: readonly Cell[];
  readonly id: string;
}

export interface NodeOptions {
  readonly store: DeviceStore;
  readonly model: ModelIndex;
  readonly limit: number;
  readonly offset: number;
  readonly withTotal: boolean;
  /** Compiles the query for the moment. */
  readonly plan: () => { readonly plan: QueryPlan; readonly asOf: number } | readonly QueryError[];
}

/** More changes of one commit than this are dearer than asking again. */
const maxChanges = 500;

/** The rows of one window of one query, kept current from the images of each commit. */
export class ViewNode {
  readonly counters: ViewCounters = {
    routed: 0,
    patched: 0,
    refills: 0,
    requeries: 0,
    emissions: 0,
    lastReason: '',
  };
  readonly #options: NodeOptions;
  readonly #slack: number;
  #plan: QueryPlan | null = null;
  #errors: readonly QueryError[] = [];
  #class: ViewClass | null = null;
  #reader: ReaderOptions | null = null;
  /** What rows must pass to matter to a view of class C. */
  #watched: ReadonlyMap<string, Predicate> = new Map();
  #keysOf: ReturnType<typeof sortKeysOf> = () => [];
  #routing: RoutingTerm | null = null;
  /** Positions of columns whose changes matter, by table. */
  #positions = new Map<string, ReadonlySet<number>>();
  #buffer: Entry[] = [];
  #ids = new Set<string>();
  /** Rows before this place are counted, not kept; null: the rows kept begin with the first. */
  #start: Place | null = null;
  #offset = 0;
  #total: number | null = null;
  #exhausted = true;
  #commit = 0;
  #asOf = 0;
  #paused = false;
  /** Something that can be seen may have changed since the last snapshot. */
  #dirty = false;
  #snapshot: ViewSnapshot;

  constructor(options: NodeOptions) {
    this.#options = options;
    this.#slack = options.limit;
    this.#snapshot = emptySnapshot;
    this.compile();
    this.#requery('opened');
    this.#snapshot = this.#take([{ op: 'reset' }]);
    this.#dirty = false;
  }

  get snapshot(): ViewSnapshot {
    return this.#snapshot;
  }
  /** The state as of the newest commit, also while it is not emitted yet. */
  get state(): ViewSnapshot {
    if (!this.#dirty) return this.#snapshot;
    this.#keepShownRows();
    return this.#isShown() ? this.#snapshot : this.#take([]);
  }
  get plan(): QueryPlan | null {
    return this.#plan;
  }
  get viewClass(): ViewClass | null {
    return this.#class;
  }
  get routing(): RoutingTerm | null {
    return this.#routing;
  }
  /** Tables whose changes can matter. */
  get tables(): ReadonlySet<string> {
    return new Set([
      ...(this.#plan?.tables ?? []),
      ...(this.#plan?.nameTables ?? []),
      ...this.#positions.keys(),
    ]);
  }
  /** Those of them whose rows can matter to rows of the root. */
  get parentTables(): ReadonlySet<string> {
    const tables = new Set(this.tables);
    if (!this.#readsRootAsParent()) tables.delete(this.#plan?.resolved.root.table.name ?? '');
    return tables;
  }

  /** Binds the query anew: after a change of definitions, or of what relative dates mean. */
  compile(): void {
    const { store, model } = this.#options;
    const made = this.#options.plan();
    if (!('plan' in made)) {
      this.#plan = null;
      this.#errors = made;
      return;
    }
    const { plan, asOf } = made;
    const { resolved } = plan;
    this.#errors = [];
    this.#plan = plan;
    this.#asOf = asOf;
    this.#class = classify(resolved, model);
    this.#routing =
      this.#class.name === 'C'
        ? null
        : routingTerm(resolved, (slot) => this.#isStored(resolved.root.table.name, slot));
    this.#watched = this.#class.name === 'C' ? watchPredicates(resolved) : new Map();
    this.#keysOf = sortKeysOf(resolved.orders);
    this.#reader = {
      resolved,
      joinFilters: this.#class.joinFilters,
      primaryName: (table) => model.table(table)?.primaryName ?? null,
    };
    this.#positions = new Map(
      [...resolved.columns].map(([name, columns]) => {
        const schema = store.schema.get(name);
        const table = model.table(name);
        const slots = (table?.columns ?? [])
          .filter((column) => columns.has(column.name))
          .flatMap((column) => columnSlots(column).map((slot) => slot.name));
        const all = [...slots, ...(columns.has('versionnumber') ? ['versionnumber'] : [])];
        return [name, new Set(all.flatMap((slot) => schema?.slotIndex.get(slot) ?? []))];
      }),
    );
    // Names of targets are shown wherever a lookup is.
    for (const { column } of resolved.outputs) {
      for (const target of column.targets ?? []) this.#watchName(target);
    }
  }

  #isStored(table: string, slot: string): boolean {
    return this.#options.store.schema.get(table)?.slotIndex.has(slot) === true;
  }

  #watchName(table: string): void {
    const { store, model } = this.#options;
    const name = model.table(table)?.primaryName ?? null;
    const position = name === null ? undefined : store.schema.get(table)?.slotIndex.get(name);
    if (position === undefined) return;
    this.#positions.set(table, new Set([...(this.#positions.get(table) ?? []), position]));
  }

  /** Whether a change can matter to this view at all. */
  concerns({ table, kind, changed }: RowChange): boolean {
    const positions = this.#positions.get(table);
    if (positions === undefined) return false;
    return kind !== 'update' || changed.some((position) => positions.has(position));
  }

  /** Tables this view reads or shows names of. */
  watches(table: string): boolean {
    return this.#positions.has(table) || this.#plan?.tables.has(table) === true;
  }

  /** Takes up a commit. `routed`: changes of the root table that can concern it. Reads no more than it must. */
  apply(set: ChangeSet, routed: readonly RowChange[], images: CommitImages): void {
    if (set.commit <= this.#commit) return;
    this.#commit = set.commit;
    const plan = this.#plan;
    const kind = this.#class;
    if (plan === null || kind === null) return;
    const whole = [...set.tables].find(
      ([table, one]) => one.kind !== 'rows' && this.watches(table),
    );
    if (whole !== undefined) return this.#requery(`table ${whole[0]} was ${whole[1].kind}`);
    // Rows of the root's own table can be parents, too, whatever the filter says of them.
    const root = plan.resolved.root.table.name;
    const others = this.#parentChanges(set, this.#readsRootAsParent() ? null : root);
    this.counters.routed += routed.length + others.length;
    if (kind.name === 'C') {
      const first = [...routed, ...others].find((change) => this.#matters(change));
      if (first !== undefined) this.#requery(`a row of ${first.table} changed`);
      return;
    }
    const affected = new Set(routed.map((change) => change.id));
    const shown: RowChange[] = [];
    for (const change of others) {
      const decided = this.#decide(change, affected);
      if (decided === 'requery') return this.#requery(`parents in ${change.table} changed`);
      shown.push(change);
    }
    if (affected.size > maxChanges) return this.#requery(`${affected.size} rows changed`);
    for (const id of affected) this.#applyRow(id, images);
    this.#patchParents(shown, images);
    this.#fit();
  }

  /** Whether a row was or is one that the query looks at. */
  #matters({ table, before, after }: RowChange): boolean {
    const predicate = this.#watched.get(table);
    if (predicate === undefined) return true;
    const slots = this.#options.store.schema.get(table)?.slotIndex;
    const position = (slot: string) => slots?.get(slot);
    return passes(predicate, before, position) || passes(predicate, after, position);
  }

  #readsRootAsParent(): boolean {
    const resolved = this.#plan?.resolved;
    if (resolved === undefined) return false;
    const { name } = resolved.root.table;
    return (
      resolved.joins.some((join) => join.source.table.name === name) ||
      resolved.outputs.some(({ column }) => column.targets?.includes(name) === true) ||
      resolved.nameTables.has(name)
    );
  }

  #parentChanges(set: ChangeSet, except: string | null): readonly RowChange[] {
    const found: RowChange[] = [];
    for (const [table, changes] of set.tables) {
      if (table === except || changes.kind !== 'rows' || !this.#positions.has(table)) continue;
      for (const change of changes.rows) if (this.concerns(change)) found.push(change);
    }
    return found;
  }

  /** Adds the rows that a change of a parent may bring, take or move. */
  #decide(change: RowChange, affected: Set<string>): 'done' | 'requery' {
    const { store } = this.#options;
    const root = this.#plan?.resolved.root.table;
    for (const { table, lookup, slots } of this.#class?.deciding ?? []) {
      if (table !== change.table || root === undefined) continue;
      const schema = store.schema.get(table);
      const matters =
        change.kind !== 'update' ||
        change.changed.some((position) =>
          [...slots].some((slot) => schema?.slotIndex.get(slot) === position),
        );
      if (!matters) continue;
      if (lookup === null) return 'requery';
      const rows = store.all(
        `SELECT "${root.primaryId}" FROM "${root.name}" WHERE "${lookup}" = ? LIMIT ${maxChanges + 1}`,
        [change.id],
      );
      if (rows.length > maxChanges) return 'requery';
      for (const [id] of rows) affected.add(String(id));
    }
    return 'done';
  }

  #applyRow(id: string, images: CommitImages): void {
    const plan = this.#plan;
    const options = this.#reader;
    const matches = this.#class?.matches ?? null;
    if (plan === null || options === null || matches === null) return;
    const root = plan.resolved.root.table.name;
    const state = (when: 'before' | 'after') => {
      const image = images.read(root, id, when);
      if (image === null) return null;
      const reader = new ImageReader(options, images, image, when);
      return reader.linked() && matches(reader) ? { reader, keys: this.#keysOf(reader) } : null;
    };
    const before = state('before');
    const after = state('after');
    const at = this.#ids.has(id) ? this.#indexOf(before?.keys ?? null, id) : -1;
    if (before === null && after === null && at < 0) return;
    this.counters.patched += 1;
    const { limit } = this.#options;
    const added = (after === null ? 0 : 1) - (before === null ? 0 : 1);
    const moved =
      (after !== null && !this.#isKept(after.keys, id) ? 1 : 0) -
      (before !== null && !this.#isKept(before.keys, id) ? 1 : 0);
    if (this.#total !== null) this.#total += added;
    this.#offset += moved;
    if (added !== 0 || moved !== 0 || (at >= 0 && at < limit)) this.#dirty = true;
    const known = at < 0 ? undefined : this.#buffer[at];
    if (
      known !== undefined &&
      after !== null &&
      this.#compare(known, { keys: after.keys, id }) === 0
    ) {
      Object.assign(known, buildRow(plan.resolved, id, after.reader));
      return;
    }
    if (at >= 0) {
      this.#buffer.splice(at, 1);
      this.#ids.delete(id);
    }
    if (after === null || !this.#isKept(after.keys, id)) return;
    const place = this.#placeOf({ keys: after.keys, id });
    if (place === this.#buffer.length && !this.#exhausted) return;
    if (place < limit) this.#dirty = true;
    const { row, parents } = buildRow(plan.resolved, id, after.reader);
    this.#buffer.splice(place, 0, { id, keys: after.keys, row, parents });
    this.#ids.add(id);
  }

  /** Rows that show a changed parent are shown anew. */
  #patchParents(changes: readonly RowChange[], images: CommitImages): void {
    const plan = this.#plan;
    if (changes.length === 0 || plan === null) return;
    const keys = new Set(changes.map(({ table, id }) => `${table}/${id}`));
    for (const entry of this.#buffer) {
      // Links are followed from the row on: what the rows on the way were before does not matter.
      entry.parents ??= this.#build(plan, entry.id, images)?.parents ?? nobody;
      if (![...entry.parents].some((parent) => keys.has(parent))) continue;
      const built = this.#build(plan, entry.id, images);
      if (built === null) continue;
      Object.assign(entry, built);
      this.counters.patched += 1;
      this.#dirty = true;
    }
  }

  /** A row as of the commit of these images. */
  #build(plan: QueryPlan, id: string, images: CommitImages): ReturnType<typeof buildRow> | null {
    const options = this.#reader;
    const image = images.read(plan.resolved.root.table.name, id, 'after');
    if (options === null || image === null) return null;
    return buildRow(plan.resolved, id, new ImageReader(options, images, image, 'after'));
  }

  #compare(a: Place, b: Place): number {
    return (
      compareKeys(this.#plan?.resolved.orders ?? [], a.keys, b.keys) || compareCells(a.id, b.id)
    );
  }

  #isKept(keys: readonly Cell[], id: string): boolean {
    return this.#start === null || this.#compare({ keys, id }, this.#start) >= 0;
  }

  /** Where a row is or belongs in the rows kept. */
  #placeOf(place: Place): number {
    let low = 0;
    let high = this.#buffer.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const entry = this.#buffer[middle];
      if (entry !== undefined && this.#compare(entry, place) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #indexOf(keys: readonly Cell[] | null, id: string): number {
    if (keys !== null) {
      const at = this.#placeOf({ keys, id });
      if (this.#buffer[at]?.id === id) return at;
    }
    return this.#buffer.findIndex((entry) => entry.id === id);
  }

  /** Keeps between one and two windows of rows behind the visible ones. */
  #fit(): void {
    const { limit } = this.#options;
    if (this.#start !== null && this.#buffer.length === 0)
      return this.#requery('the window is empty');
    if (this.#buffer.length > limit + 2 * this.#slack) {
      for (const { id } of this.#buffer.splice(limit + this.#slack)) this.#ids.delete(id);
      this.#exhausted = false;
    }
    if (this.#exhausted || this.#buffer.length >= limit) return;
    const last = this.#buffer.at(-1);
    if (last === undefined) return this.#requery('nothing is left');
    this.counters.refills += 1;
    const wanted = limit + this.#slack - this.#buffer.length;
    const entries = this.#read((plan) => plan.rowsAfter(last.keys, last.id, wanted));
    for (const entry of entries) {
      if (this.#ids.has(entry.id)) continue;
      this.#buffer.push(entry);
      this.#ids.add(entry.id);
    }
    if (entries.length < wanted) this.#exhausted = true;
  }

  #read(
    statement: (plan: QueryPlan) => { readonly text: string; readonly params: readonly Cell[] },
  ): Entry[] {
    const plan = this.#plan;
    if (plan === null) return [];
    const { store, model } = this.#options;
    const { text, params } = statement(plan);
    const all = (sqlText: string, values: readonly Cell[]) =>
      store.all(sqlText, values) as readonly (readonly Cell[])[];
    const decoded = all(text, params).map((cells) => plan.decode(cells));
    const has = (table: string, column: string) =>
      store.schema.get(table)?.slotIndex.has(column) === true;
    const named = withCurrentNames(decoded, { model, all, has });
    return named.map((row) => {
      const { order: _, ...plain } = row;
      return { id: row.id, keys: plan.keysOf(row), row: plain, parents: null };
    });
  }

  #requery(reason: string): void {
    const plan = this.#plan;
    const { store, limit, withTotal } = this.#options;
    this.counters.lastReason = reason;
    this.#dirty = true;
    this.#commit = Math.max(this.#commit, store.commit);
    if (plan === null) {
      this.#buffer = [];
      this.#ids = new Set();
      return;
    }
    this.counters.requeries += 1;
    const all = (text: string, params: readonly Cell[]) =>
      store.all(text, params) as readonly (readonly Cell[])[];
    try {
      checkGuard(plan, all);
      this.#errors = [];
    } catch (error) {
      if (!(error instanceof QueryError)) throw error;
      this.#errors = [error];
      this.#buffer = [];
      this.#ids = new Set();
      this.#total = null;
      return;
    }
    this.#total = withTotal || this.#options.offset > 0 ? countRows(plan, all) : null;
    this.#offset = Math.min(this.#options.offset, Math.max(0, (this.#total ?? 0) - 1));
    if (this.#options.offset === 0) this.#offset = 0;
    const wanted = limit + this.#slack;
    const entries = this.#read((one) => one.rows(wanted, this.#offset));
    this.#buffer = entries;
    this.#ids = new Set(entries.map((entry) => entry.id));
    this.#exhausted = entries.length < wanted;
    const [first] = entries;
    this.#start =
      this.#offset === 0 || first === undefined ? null : { keys: first.keys, id: first.id };
  }

  /** Asks again, whatever changed. */
  refresh(reason: string): void {
    this.#requery(reason);
  }

  set paused(paused: boolean) {
    this.#paused = paused;
    this.#dirty = true;
  }
  get paused(): boolean {
    return this.#paused;
  }

  /** The snapshot to emit, or null when nothing that can be seen has changed. */
  emit(commit: number): ViewSnapshot | null {
    this.#commit = Math.max(this.#commit, commit);
    if (!this.#dirty) return null;
    this.#dirty = false;
    this.#keepShownRows();
    if (this.#isShown()) return null;
    this.counters.emissions += 1;
    const { rows } = this.#snapshot;
    this.#snapshot = this.#take(patchBetween(rows, this.#visible()));
    return this.#snapshot;
  }

  /**
   * A row that says what the last snapshot said of it is the same object again, whichever way it came: in place, moved
   * by a value that is not shown, or read anew.
   */
  #keepShownRows(): void {
    const { rows } = this.#snapshot;
    const kept = new Set(rows);
    const visible = this.#buffer.slice(0, this.#mostVisible());
    if (visible.every(({ row }) => kept.has(row))) return;
    const shown = new Map(rowKeys(rows).map((key, i) => [key, rows[i]]));
    const keys = rowKeys(visible.map(({ row }) => row));
    for (const [i, entry] of visible.entries()) {
      const before = shown.get(keys[i] ?? '');
      if (before !== undefined) entry.row = sameRow(before, entry.row);
    }
  }

  /** Whether the last snapshot still says everything. */
  #isShown(): boolean {
    const { rows, total, offset, status } = this.#snapshot;
    const next = this.#visible();
    return (
      next.length === rows.length &&
      next.every((row, i) => row === rows[i]) &&
      this.#shownTotal() === total &&
      this.#offset === offset &&
      this.#status() === status
    );
  }

  #visible(): readonly QueryRow[] {
    return this.#buffer.slice(0, this.#mostVisible()).map((entry) => entry.row);
  }

  #mostVisible(): number {
    const { limit } = this.#options;
    const plan = this.#plan;
    return plan?.last === true ? Math.min(limit, plan.size) : limit;
  }

  #shownTotal(): number | null {
    const { withTotal } = this.#options;
    const plan = this.#plan;
    if (!withTotal || this.#total === null) return null;
    return plan?.last === true ? Math.min(this.#total, plan.size) : this.#total;
  }

  #status(): ViewSnapshot['status'] {
    return this.#errors.length > 0 ? 'error' : this.#paused ? 'paused' : 'live';
  }

  #take(patch: ViewSnapshot['patch']): ViewSnapshot {
    return {
      commit: this.#commit,
      asOf: this.#asOf,
      rows: this.#visible(),
      offset: this.#offset,
      total: this.#shownTotal(),
      patch,
      status: this.#status(),
      errors: this.#errors,
    };
  }
}

const nobody: ShownParents = new Set();
const emptySnapshot: ViewSnapshot = {
  commit: 0,
  asOf: 0,
  rows: [],
  offset: 0,
  total: null,
  patch: [],
  status: 'live',
  errors: [],
};

/** The row that was shown where nothing of it changed. */
function sameRow(before: QueryRow, after: QueryRow): QueryRow {
  return JSON.stringify(before.values) === JSON.stringify(after.values) && before.id === after.id
    ? before
    : after;
}
