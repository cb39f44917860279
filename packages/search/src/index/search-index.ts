import type { Clock, ModelIndex } from '@outpost/model';
import {
  type ChangeSet,
  type DeviceStore,
  quoted,
  type RowChange,
  type TableChanges,
  type WriteTx,
} from '@outpost/store';
import { BehaviorSubject, type Observable } from 'rxjs';
import { TermTable } from '../postings/term-table.ts';
import { type SearchedTable, searchedTables } from '../terms/searched-table.ts';
import { type ColumnPlaces, Generation } from './generation.ts';
import {
  complete,
  deleteState,
  type GenerationState,
  readEpoch,
  readStates,
  writeEpoch,
  writeState,
} from './index-state.ts';
import { type IndexDifference, verifyGeneration } from './verify-index.ts';

/** How far the index of a table is. */
export interface TableIndexStatus {
  readonly table: string;
  /**
   * `ready`: it has every row. `building`: rows are still taken in. `rebuilding`: the one that serves is outdated, and
   * another one is built.
   */
  readonly state: 'ready' | 'building' | 'rebuilding';
  /** Rows taken in by the index that is built, and rows of the table, as of the last step; equal when it is ready. */
  readonly rows: { readonly done: number; readonly total: number };
}

export interface SearchIndexOptions {
  readonly store: DeviceStore;
  readonly model: ModelIndex;
  /** Runs the building, slice by slice. */
  readonly clock: Clock;
  /** Rows of one slice. Default 1,000. */
  readonly sliceRows?: number;
}

/** The index of one table, ready to be asked. */
export interface ServingIndex {
  readonly searched: SearchedTable;
  readonly generation: Generation;
  /** What the generation was built for; differs from `searched` until a rebuild is done. */
  readonly fingerprint: string;
  /** Some rows may be missing in it, others may have changed. */
  readonly isStale: boolean;
}

interface TableIndex {
  readonly searched: SearchedTable;
  serving: Generation;
  building: Generation | null;
}

const defaultSlice = 1000;

/** Where the index was when it stopped taking part, and how to take its guard away. */
interface Detached {
  readonly commit: number;
  release(): void;
}
const detached = new WeakMap<DeviceStore, Detached>();

/**
 * The words of all searched tables, in the same database as the rows and written in the same transactions. It must take
 * part in every commit: attach it as soon as the app is known. What it has missed, an opening without it or rows changed
 * behind the gateway, it notices and builds anew.
 */
export class SearchIndex {
  readonly #store: DeviceStore;
  readonly #model: ModelIndex;
  readonly #clock: Clock;
  readonly #slice: number;
  readonly #status = new BehaviorSubject<readonly TableIndexStatus[]>([]);
  readonly #stop: (() => void)[] = [];
  readonly #waiting = new Map<string, (() => void)[]>();
  #tables = new Map<string, TableIndex>();
  #schemaVersion = -1;
  #places = new Map<string, ColumnPlaces>();
  /** New states of the transaction that is running; taken over when it is committed. */
  #pending: [Generation, GenerationState][] = [];
  #cancel: (() => void) | null = null;
  #closed = false;

  constructor(options: SearchIndexOptions) {
    const { store } = options;
    this.#store = store;
    this.#model = options.model;
    this.#clock = options.clock;
    this.#slice = options.sliceRows ?? defaultSlice;
    this.#attach();
    const leave = store.participate({
      name: 'search index',
      phase: 'index',
      beforeCommit: (tx) => this.#beforeCommit(tx),
      loadChanged: (table) => this.#loadChanged(table),
    });
    const subscription = store.commits.subscribe((set) => this.#committed(set));
    const stopTaking = store.maintain({ name: 'search index', apply: () => this.#takeOver() });
    this.#stop.push(leave, stopTaking, () => subscription.unsubscribe());
    this.#schedule();
  }

  /** How far each table is; replays. */
  get status(): Observable<readonly TableIndexStatus[]> {
    return this.#status.asObservable();
  }
  get currentStatus(): readonly TableIndexStatus[] {
    return this.#status.value;
  }

  /** What of a table is searched; undefined: it is not. */
  searched(table: string): SearchedTable | undefined {
    return this.#tables.get(table)?.searched;
  }

  /** The index that answers for a table. */
  serving(table: string): ServingIndex | null {
    const found = this.#tables.get(table);
    if (found === undefined) return null;
    const { searched, serving } = found;
    return {
      searched,
      generation: serving,
      fingerprint: serving.state.fingerprint,
      isStale: serving.state.isStale || serving.state.fingerprint !== searched.fingerprint,
    };
  }

  /** Terms written for single rows so far; for tests that count work. */
  get touched(): number {
    return [...this.#tables.values()].reduce((sum, one) => sum + one.serving.terms.touched, 0);
  }

  /** Builds the index of a table anew while the old one serves; resolves when the new one does. */
  rebuild(table: string): Promise<void> {
    const found = this.#tables.get(table);
    if (found === undefined) return Promise.resolve();
    this.#write(() => this.#startRebuild(found, found.serving.state.isStale));
    this.#schedule();
    return this.settled(table);
  }

  /** Resolves when the index of a table has every row. */
  settled(table: string): Promise<void> {
    const found = this.#tables.get(table);
    if (this.#closed || found === undefined || isSettled(found)) return Promise.resolve();
    return new Promise((resolve) => {
      const known = this.#waiting.get(table);
      if (known === undefined) this.#waiting.set(table, [resolve]);
      else known.push(resolve);
    });
  }

  /** Compares the index with the rows it should have; empty when it is right. */
  verify(table?: string): readonly IndexDifference[] {
    const tables = table === undefined ? [...this.#tables.values()] : [this.#tables.get(table)];
    return tables.flatMap((one) =>
      one === undefined || one.serving.state.fingerprint !== one.searched.fingerprint
        ? []
        : verifyGeneration(this.#store, one.searched, one.serving),
    );
  }

  /** Stops taking part. Rows that change from now on make the index stale. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#cancel?.();
    for (const stop of this.#stop.splice(0)) stop();
    this.#status.complete();
    for (const resolve of [...this.#waiting.values()].flat()) resolve();
    this.#waiting.clear();
    let isNoted = false;
    const release = this.#store.participate({
      name: 'search index, detached',
      phase: 'index',
      beforeCommit: (tx) => {
        if (isNoted || tx.tables.size === 0) return;
        writeEpoch(tx.sql, 0);
        isNoted = true;
      },
    });
    detached.set(this.#store, { commit: this.#store.commit, release });
  }

  // Attaching

  #attach(): void {
    const store = this.#store;
    const left = detached.get(store);
    left?.release();
    detached.delete(store);
    const epoch = readEpoch(store.driver);
    const missedNothing = left === undefined || left.commit === store.commit;
    // Without a word of where it was left, this opening must not have changed anything yet.
    const isTrusted =
      epoch === store.epoch
        ? left !== undefined && missedNothing
        : epoch > 0 && epoch >= store.rowsEpoch && missedNothing;
    this.#write(() => {
      this.#reconcile(isTrusted);
      writeEpoch(store.driver, store.epoch);
    });
  }

  /** Gives each searched table an index, and takes away those of tables that are not searched any more. */
  #reconcile(isTrusted: boolean): void {
    const { driver } = this.#store;
    const states = readStates(driver);
    const searched = searchedTables(this.#model, this.#store.schema.keys());
    const known = new Map(
      [...this.#tables.values()]
        .flatMap(({ serving, building }) => (building === null ? [serving] : [serving, building]))
        .map((one) => [one.state.generation, one]),
    );
    const open = (state: GenerationState) => {
      const generation = known.get(state.generation) ?? new Generation(this.#store, state);
      generation.state = state;
      return generation;
    };
    const tables = new Map<string, TableIndex>();
    for (const [table, one] of searched) {
      const mine = states.filter((state) => state.table === table);
      const servingState = mine.find((state) => state.role === 'serving');
      const buildingState = mine.find((state) => state.role === 'building');
      const index: TableIndex = {
        searched: one,
        serving: open(servingState ?? this.#create(one, 'serving')),
        building: buildingState === undefined ? null : open(buildingState),
      };
      tables.set(table, index);
      if (this.#store.isLoading(table)) this.#reopen(index);
      const isOutdated = index.serving.state.fingerprint !== one.fingerprint;
      const isWrong = servingState !== undefined && (!isTrusted || index.serving.state.isStale);
      const building = index.building?.state.fingerprint;
      const goesOn =
        isTrusted && building === one.fingerprint && index.building?.state.isStale === false;
      if (isWrong || isOutdated) {
        if (!goesOn) this.#startRebuild(index, isWrong);
      } else if (index.building !== null && !goesOn) {
        this.#remove(index.building);
        index.building = null;
      }
    }
    for (const state of states) {
      if (!searched.has(state.table)) this.#remove(open(state));
    }
    this.#tables = tables;
    this.#schemaVersion = -1;
  }

  #create(searched: SearchedTable, role: GenerationState['role']): GenerationState {
    const { driver } = this.#store;
    const last = driver.prepare('SELECT max(generation) FROM "$sx_state"').get();
    const { table, fingerprint } = searched;
    const isEmpty = this.#store.count(table) === 0 && !this.#store.isLoading(table);
    const generation = Number(last?.[0] ?? 0) + 1;
    const builtTo = isEmpty ? complete : 0;
    const state = { generation, table, fingerprint, builtTo, role, isStale: false };
    TermTable.create(driver, generation);
    writeState(driver, state);
    return state;
  }

  #remove({ state }: Generation): void {
    TermTable.drop(this.#store.driver, state.generation);
    deleteState(this.#store.driver, state.generation);
  }

  /** An index that has not got far is begun again; otherwise a second one is built beside it. */
  #startRebuild(index: TableIndex, isStale: boolean): void {
    const { driver } = this.#store;
    const { serving, searched } = index;
    if (index.building !== null) this.#remove(index.building);
    index.building = null;
    if (!serving.isComplete) {
      this.#remove(serving);
      index.serving = new Generation(this.#store, this.#create(searched, 'serving'));
      return;
    }
    if (isStale !== serving.state.isStale) {
      serving.state = { ...serving.state, isStale };
      writeState(driver, serving.state);
    }
    const state = this.#create(searched, 'building');
    index.building = new Generation(this.#store, state);
    if (index.building.isComplete) this.#promote(index, state);
  }

  #promote(index: TableIndex, state: GenerationState): void {
    const { building, serving } = index;
    if (building === null) return;
    this.#remove(serving);
    building.state = { ...state, role: 'serving' };
    writeState(this.#store.driver, building.state);
    index.serving = building;
    index.building = null;
  }

  /** Own work in a transaction of its own; when it fails, states are read again. */
  #write(work: () => void): void {
    try {
      this.#store.write({ origin: 'system', durability: 'normal', label: 'search index' }, work);
    } catch (error) {
      this.#restoreStates();
      throw error;
    }
    this.#report();
  }

  #restoreStates(): void {
    const states = readStates(this.#store.driver);
    for (const index of this.#tables.values()) {
      const mine = states.filter((state) => state.table === index.searched.table);
      const serving = mine.find((state) => state.role === 'serving');
      const building = mine.find((state) => state.role === 'building');
      if (serving !== undefined) index.serving = new Generation(this.#store, serving);
      index.building = building === undefined ? null : new Generation(this.#store, building);
    }
  }

  // Following commits

  #beforeCommit(tx: WriteTx): void {
    this.#pending = [];
    this.#markUnseen(tx);
    const changes = tx.changes.filter((change) => this.#tables.has(change.table));
    if (changes.length === 0) return;
    const generations = [...new Set(changes.map((change) => change.table))].flatMap((table) => {
      const { serving, building } = this.#table(table);
      return building === null ? [serving] : [serving, building];
    });
    for (const generation of generations) generation.begin();
    // Numbers of deleted rows are used again, maybe in the same transaction: what leaves goes first.
    for (const change of changes) {
      if (change.kind === 'delete' || (change.kind === 'update' && change.isNew))
        this.#leave(change);
    }
    for (const change of changes) {
      if (change.kind !== 'delete') this.#enter(tx, change);
    }
    for (const generation of generations) generation.flush();
    const left = new Set(changes.filter((one) => one.kind !== 'insert').map((one) => one.table));
    for (const table of left) this.#lowerBuiltTo(table);
  }

  /** Of rows that changed without images the index is known to be wrong: with that commit, so that no crash hides it. */
  #markUnseen(tx: WriteTx): void {
    for (const [table, changes] of tx.tables) {
      const index = this.#tables.get(table);
      if (index === undefined || !isUnseen(changes)) continue;
      const { serving, building } = index;
      for (const generation of building === null ? [serving] : [serving, building]) {
        if (generation.state.builtTo === 0) continue;
        const state = { ...generation.state, isStale: true };
        writeState(tx.sql, state);
        this.#pending.push([generation, state]);
      }
    }
  }

  #leave(change: RowChange): void {
    const { rid, before, table } = change;
    if (rid === null) return;
    for (const generation of this.#current(table, rid)) {
      const { searched } = this.#table(table);
      generation.change(searched, this.#placesOf(table), rid, before, null);
    }
  }

  #enter(tx: WriteTx, { table, id, before, after, rid, isNew, changed }: RowChange): void {
    const all = this.#placesOf(table);
    const places = isNew ? all : all.filter(({ position }) => changed.includes(position));
    if (places.length === 0) return;
    const { searched } = this.#table(table);
    const now = isNew || rid === null ? this.#ridOf(tx, table, id) : rid;
    for (const generation of this.#current(table, now)) {
      generation.change(searched, places, now, isNew ? null : before, after);
    }
  }

  /** Rows that are loaded get the next free numbers: those must count as not built. */
  #lowerBuiltTo(table: string): void {
    const { serving, building } = this.#table(table);
    for (const generation of building === null ? [serving] : [serving, building]) {
      if (generation.isComplete) continue;
      const last = this.#lastRid(table);
      if (last >= generation.state.builtTo) continue;
      const known = this.#pending.findLast(([one]) => one === generation)?.[1];
      const state = { ...(known ?? generation.state), builtTo: last };
      writeState(this.#store.driver, state);
      this.#pending.push([generation, state]);
    }
  }

  /** Indexes of a table that have the row and are kept up to date. */
  #current(table: string, rid: number): readonly Generation[] {
    const { serving, building, searched } = this.#table(table);
    return [serving, building].filter(
      (one): one is Generation =>
        one !== null &&
        one.state.fingerprint === searched.fingerprint &&
        !one.state.isStale &&
        rid <= one.state.builtTo,
    );
  }

  #table(table: string): TableIndex {
    const found = this.#tables.get(table);
    if (found === undefined) throw new RangeError(table);
    return found;
  }

  #ridOf(tx: WriteTx, table: string, id: string): number {
    const { primaryId } = tx.schemaOf(table).table;
    const row = tx.sql
      .prepare(`SELECT "_rid" FROM ${quoted(table)} WHERE ${quoted(primaryId)} = ?`)
      .get([id]);
    return Number(row?.[0] ?? 0);
  }

  /** Where the searched cells of a table stand in row images. */
  #placesOf(table: string): ColumnPlaces {
    if (this.#schemaVersion !== this.#store.schemaVersion) {
      this.#places.clear();
      this.#schemaVersion = this.#store.schemaVersion;
    }
    const known = this.#places.get(table);
    if (known !== undefined) return known;
    const slots = this.#store.schema.get(table)?.slotIndex;
    const places = this.#table(table).searched.columns.map(({ slot }, column) => {
      return { column, position: slots?.get(slot) ?? -1 };
    });
    this.#places.set(table, places);
    return places;
  }

  /** Loaded rows are taken in later: what is there when a load begins is all that the index has. */
  #loadChanged(table: string): void {
    const index = this.#tables.get(table);
    if (index !== undefined && this.#store.isLoading(table)) this.#write(() => this.#reopen(index));
    this.#schedule();
  }

  #reopen({ searched, serving, building }: TableIndex): void {
    for (const generation of building === null ? [serving] : [serving, building]) {
      if (!generation.isComplete) continue;
      const builtTo = this.#lastRid(searched.table);
      generation.state = { ...generation.state, builtTo };
      writeState(this.#store.driver, generation.state);
    }
  }

  #lastRid(table: string): number {
    return Number(this.#store.all(`SELECT max("_rid") FROM ${quoted(table)}`)[0]?.[0] ?? 0);
  }

  #takeOver(): void {
    for (const [generation, state] of this.#pending) generation.state = state;
    this.#pending = [];
  }

  #committed(set: ChangeSet): void {
    let stale = false;
    let isOther = false;
    for (const [table, changes] of set.tables) {
      if (changes.kind === 'unknown' && changes.reason !== 'bypassed') isOther = true;
      const index = this.#tables.get(table);
      // An index that has no row yet was not marked: it has missed nothing.
      if (index?.serving.state.isStale !== true || !isUnseen(changes)) continue;
      stale = true;
      this.#write(() => this.#startRebuild(index, true));
    }
    if (isOther) this.#changed(set);
    const isLoaded = [...set.tables.values()].some((one) => one.kind === 'loaded');
    if (stale || isOther || isLoaded) this.#schedule();
  }

  /** Tables have come and gone, or everything was replaced by a snapshot. */
  #changed(set: ChangeSet): void {
    const isRestored = [...set.tables.values()].some(
      (one) => one.kind === 'unknown' && one.reason === 'restore',
    );
    if (isRestored) this.#tables.clear();
    const epoch = readEpoch(this.#store.driver);
    const isTrusted = !isRestored || (epoch > 0 && epoch >= this.#store.rowsEpoch);
    this.#write(() => {
      this.#reconcile(isTrusted);
      writeEpoch(this.#store.driver, this.#store.epoch);
    });
  }

  // Building

  #schedule(): void {
    if (this.#closed || this.#cancel !== null || this.#next() === null) return;
    this.#cancel = this.#clock.schedule(this.#clock.now(), () => {
      this.#cancel = null;
      if (this.#closed) return;
      this.#build();
      this.#schedule();
    });
  }

  /** The next index with rows to take in. Of a table that is being loaded, only whole slices. */
  #next(): TableIndex | null {
    for (const index of this.#tables.values()) {
      const target = index.building ?? index.serving;
      if (target.isComplete) continue;
      const { table } = index.searched;
      if (!this.#store.isLoading(table)) return index;
      const row = this.#store.all(
        `SELECT 1 FROM ${quoted(table)} WHERE "_rid" > ? ORDER BY "_rid" LIMIT 1 OFFSET ?`,
        [target.state.builtTo, this.#slice - 1],
      );
      if (row.length > 0) return index;
    }
    return null;
  }

  #build(): void {
    const index = this.#next();
    if (index === null) return;
    const { searched } = index;
    const target = index.building ?? index.serving;
    this.#write(() => {
      const { builtTo, rows } = target.advance(searched, this.#slice);
      const isEnd = rows < this.#slice && !this.#store.isLoading(searched.table);
      const state = { ...target.state, builtTo: isEnd ? complete : builtTo };
      writeState(this.#store.driver, state);
      if (isEnd) target.terms.settle();
      if (isEnd && index.building !== null) this.#promote(index, state);
      else target.state = state;
    });
    if (isSettled(index)) {
      for (const resolve of this.#waiting.get(searched.table) ?? []) resolve();
      this.#waiting.delete(searched.table);
    }
  }

  #report(): void {
    if (this.#closed) return;
    this.#status.next(
      [...this.#tables.values()].map(({ searched, serving, building }) => {
        const total = this.#store.count(searched.table);
        const target = building ?? serving;
        const state = building !== null ? 'rebuilding' : serving.isComplete ? 'ready' : 'building';
        const done = target.isComplete ? total : this.#rowsTo(searched.table, target.state.builtTo);
        return { table: searched.table, state, rows: { done, total } };
      }),
    );
  }

  #rowsTo(table: string, rid: number): number {
    const row = this.#store.all(`SELECT count(*) FROM ${quoted(table)} WHERE "_rid" <= ?`, [
      rid,
    ])[0];
    return Number(row?.[0] ?? 0);
  }
}

/** Rows changed, and nobody knows from what. */
function isUnseen(changes: TableChanges): boolean {
  return changes.kind === 'loaded'
    ? changes.overwritten > 0
    : changes.kind === 'unknown' && changes.reason === 'bypassed';
}

function isSettled({ serving, building }: TableIndex): boolean {
  return building === null && serving.isComplete;
}
