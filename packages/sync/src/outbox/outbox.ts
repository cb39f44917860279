import {
  type Cell,
  type Cells,
  type Clock,
  type IdGenerator,
  type System,
  versionColumn,
} from '@outpost/model';
import type {
  DeviceStore,
  Participant,
  RowChange,
  RowImage,
  SqlDriver,
  WriteTx,
} from '@outpost/store';
import type { Observable } from 'rxjs';
import { dropBase, ensureBase, layersOf, unsettledEntries } from '../apply/overlay.ts';
import {
  addEffects,
  type Effect,
  effectsOf,
  type RowEffect,
  readEffects,
} from '../effects/effect.ts';
import { EffectOrder } from '../effects/effect-order.ts';
import { Effects } from '../effects/effects.ts';
import { writeFact } from '../engine/sync-state.ts';
import { type EntryKey, messageLimits, type PushEntry } from '../protocol/index.ts';
import { joined } from './coalesce.ts';
import { currentEntry } from './current-entry.ts';
import {
  deleteEntry,
  type Entry,
  freshEntry,
  insertEntry,
  type Reader,
  readEntries,
  readerOf,
  rewriteEntry,
} from './entry.ts';
import { Holds } from './holds.ts';
import { whenSendable } from './waiting.ts';

const maxBatch = messageLimits.entries;

/** A deletion waits this long before it is sent by itself: so long it can be undone. */
export const undoDelayMs = 5000;

/** What the outbox needs of a row change. */
type NewEntry = Omit<Entry, 'key' | 'at' | Exclude<keyof typeof freshEntry, 'local'>>;
type DescribedChange = Omit<RowChange, 'changed' | 'rid' | 'isNew'>;

/** What the user of an edit saw of its row. */
export interface SeenRow {
  readonly cells: Cells;
  readonly version: number | null;
}

/** The user's edits that the organization has not confirmed yet. Each commits together with its row. */
export class Outbox implements Participant {
  readonly name = 'sync.outbox';
  readonly phase = 'derive';
  readonly effects: Effects;
  readonly #store: DeviceStore;
  readonly #clock: Clock;
  readonly #ids: IdGenerator;
  readonly #epoch: string;
  readonly #holds: Holds;
  /** Low marks that the organization knows, by epoch. */
  readonly #told = new Map<string, number>();
  /** By transaction, what edits are based on that is not the row as it was. */
  readonly #seen = new WeakMap<WriteTx, Map<string, SeenRow>>();

  constructor(store: DeviceStore, { clock, ids }: Pick<System, 'clock' | 'ids'>, epoch: string) {
    this.#store = store;
    this.#clock = clock;
    this.#ids = ids;
    this.#epoch = epoch;
    this.#holds = new Holds(clock);
    this.effects = new Effects(store);
  }

  beforeCommit(tx: WriteTx): void {
    if (tx.origin !== 'local') return;
    const done = this.effects.carriedOut(tx);
    const changes = parentsFirst(done?.direct ?? tx.changes, tx);
    // Edits made as one are applied or refused as one.
    const changeSet = changes.length > 1 ? this.#ids.next() : null;
    for (const change of changes) this.describe(change, tx, changeSet, done?.of(change) ?? []);
  }

  /**
   * In this transaction the edit of a row is based on what its user saw, not on the row as it is: what others have changed
   * since is a conflict, as if it had come after the edit.
   */
  baseOn(tx: WriteTx, table: string, id: string, seen: SeenRow): void {
    const rows = this.#seen.get(tx) ?? new Map<string, SeenRow>();
    this.#seen.set(tx, rows.set(`${table}/${id}`, seen));
  }

  /** See `whenSendable`. */
  get sendable(): Observable<number | null> {
    return whenSendable(this.#store, this);
  }

  /** Queues an entry; the caller has kept the row's base. */
  enqueue(tx: WriteTx, entry: NewEntry): EntryKey {
    const seq = Number(readFactOf(tx.sql) ?? '1');
    writeFact(tx.sql, 'nextSeq', String(seq + 1));
    tx.sql
      .prepare(
        'INSERT INTO "$epoch" (epoch, next_seq) VALUES (?, ?) ON CONFLICT (epoch) DO UPDATE SET next_seq = excluded.next_seq',
      )
      .run([this.#epoch, seq + 1]);
    const key: EntryKey = [this.#epoch, seq];
    insertEntry(tx.sql, { ...freshEntry, ...entry, key, at: this.#now() });
    return key;
  }

  /** By epoch, the number below which every edit is finished: settled, or resolved by the user. */
  lowMarks(): readonly EntryKey[] {
    return this.#store
      .all(
        `SELECT e.epoch, coalesce((SELECT min(o.seq) FROM "$outbox" o WHERE o.epoch = e.epoch), e.next_seq)
         FROM "$epoch" e ORDER BY 1`,
      )
      .map((row) => [String(row[0]), Number(row[1])]);
  }

  /** Marks that the organization has not been told in this opening; not more than fit into a message. */
  newMarks(): readonly EntryKey[] {
    const isNew = ([epoch, low]: EntryKey) => this.#told.get(epoch) !== low;
    return this.lowMarks().filter(isNew).slice(0, messageLimits.epochs);
  }

  /** The organization knows these marks: epochs that have nothing left are forgotten. */
  forgetFinished(tx: WriteTx, marks: readonly EntryKey[]): void {
    for (const [epoch, low] of marks) {
      this.#told.set(epoch, low);
      if (epoch === this.#epoch) continue;
      tx.sql.prepare('DELETE FROM "$epoch" WHERE epoch = ? AND next_seq <= ?').run([epoch, low]);
    }
  }

  /** Whether the user has deleted a row, or one that takes it along, and the organization has not confirmed it yet. */
  isDeleted(table: string, id: string): boolean {
    if (this.#store.schema.has(table) && this.#store.get(table, id) !== null) return false;
    const params = [table, id];
    const open = "state IN ('queued', 'sent', 'applied')";
    const where = `table_name = ? AND row_id = ? AND op = 'delete' AND ${open}`;
    if (readEntries(this.#store, where, params).length > 0) return true;
    const effects = "f.table_name = ? AND f.row_id = ? AND f.op = 'delete'";
    return readEffects(this.#store, `${effects} AND o.${open}`, params).length > 0;
  }

  /** Tables with edits that are not settled or given up. */
  editedTables(): readonly string[] {
    return editedTables(this.#store);
  }

  /** What edits that are not settled do to other rows. */
  unsettledEffects(): readonly Effect[] {
    return readEffects(this.#store, "o.state IN ('queued', 'sent', 'applied')");
  }

  pending(): readonly Entry[] {
    return this.#read("state IN ('queued', 'sent')");
  }

  /** Edits that are not settled, in order. */
  unsettled(): readonly Entry[] {
    return this.#read("state IN ('queued', 'sent', 'applied')");
  }

  /** Tables with edits that are not settled. */
  unsettledTables(): readonly string[] {
    return tablesWhere(this.#store, (table) =>
      ['queued', 'sent', 'applied'].some(
        (state) =>
          this.#store.all('SELECT 1 FROM "$outbox" WHERE table_name = ? AND state = ? LIMIT 1', [
            table,
            state,
          ]).length > 0,
      ),
    );
  }

  #read(where: string, params: readonly string[] = []): readonly Entry[] {
    const { schema } = this.#store;
    return readEntries(this.#store, where, params).map((entry) => currentEntry(schema, entry));
  }

  /** Entries that wait to be seen in the base; of some tables, those that can be seen there with all that they do. */
  awaiting(tables: readonly string[] | null = null): readonly EntryKey[] {
    const applied = this.#store
      .all(`SELECT epoch, seq FROM "$outbox" WHERE state = 'applied' ORDER BY seq`)
      .map(([epoch, seq]): EntryKey => [String(epoch), Number(seq)]);
    if (tables === null || applied.length === 0) return applied;
    const outside = readEffects(this.#store, "o.state = 'applied'").filter(
      (one) => !tables.includes(one.table),
    );
    const names = new Set(outside.map((one) => nameOf(one.key)));
    return applied.filter((key) => !names.has(nameOf(key)));
  }

  /**
   * The next entries to send, change sets whole: what they depend on is applied, settled, or earlier in the batch. `most`
   * is a wish: a larger change set goes alone. Of entries that `ready` denies, and of what depends on them, none.
   */
  nextBatch(
    most: number = maxBatch,
    ready: (entry: Entry) => boolean = () => true,
  ): readonly Entry[] {
    const order = new EffectOrder(this.#store);
    const taken = new Set<string>();
    const batch: Entry[] = [];
    let bytes = 0;
    const isOpen = ([epoch, seq]: EntryKey) =>
      this.#store.all(
        `SELECT 1 FROM "$outbox" WHERE epoch = ? AND seq = ? AND state <> 'applied'`,
        [epoch, seq],
      ).length > 0;
    for (const group of queuedGroups(this.#store)) {
      const own = new Set(group.map((one) => nameOf(one.key)));
      const isHeld = group.some((one) => this.#holds.leftMs(one) > 0);
      const isBlocked = () =>
        group.some((one) =>
          one.after.some((key) => {
            const name = nameOf(key);
            return !taken.has(name) && !own.has(name) && isOpen(key);
          }),
        );
      if (isHeld || !group.every(ready) || isBlocked() || order.holdsBack(group, taken)) continue;
      bytes += group.reduce((sum, one) => sum + JSON.stringify(toPushEntry(one)).length, 0);
      const isFull = batch.length + group.length > most || bytes > messageLimits.entriesBytes;
      if (batch.length > 0 && isFull) break;
      for (const one of group) batch.push(one);
      for (const name of own) taken.add(name);
      if (batch.length >= most) break;
    }
    return batch;
  }

  /** The organization has put an entry off until a time: it is held for as long as that is away now. */
  noteHeld(key: EntryKey, untilMs: number): void {
    this.#holds.note(key, untilMs);
  }

  /** How many edits still have to go up, and of how many rows. */
  waiting(): { readonly updates: number; readonly rows: number } {
    const [updates, rows] = this.#store.all('SELECT edits, rows FROM "$waiting"')[0] ?? [];
    return { updates: Number(updates ?? 0), rows: Number(rows ?? 0) };
  }

  /** When the next entry that is held may be sent by itself; null: none is. */
  nextHeldAt(): number | null {
    // Those that are held are few, and are found by an index.
    const held = readEntries(this.#store, "held_until > 0 AND state = 'queued'");
    const deletions = this.#read("op = 'delete' AND at > ? AND state = 'queued'", [
      new Date(this.#clock.now() - undoDelayMs).toISOString(),
    ]);
    const times = [
      ...held.map((entry) => this.#holds.endOf(entry)),
      ...deletions.flatMap((entry) =>
        this.mayBeUndone(entry) ? [Date.parse(entry.at) + undoDelayMs] : [],
      ),
    ];
    return times.length === 0 ? null : Math.min(...times);
  }

  /** A deletion that is not sent by itself yet, so that its user can think better of it. */
  mayBeUndone({ op, state, everSent, at }: Entry): boolean {
    if (op !== 'delete' || state !== 'queued' || everSent) return false;
    // A clock that was put back does not hold it for longer.
    const age = this.#clock.now() - Date.parse(at);
    return age >= 0 && age < undoDelayMs;
  }

  /** Queues the entry of one row change, on top of the row's base, or joins it to the one that waits. */
  describe(
    change: DescribedChange,
    tx: WriteTx,
    changeSet: string | null = null,
    effects: readonly RowEffect[] = [],
  ): void {
    ensureBase(tx, change.table, change.id, change.before);
    const earlier = unsettledEntries(tx, change.table, change.id);
    const last = earlier.at(-1);
    const { set, base, local } = changedCells(change, tx);
    const version = cellOf(change.table, change.before, versionColumn.name, tx);
    const op = change.kind === 'insert' ? 'create' : change.kind;
    const after = [
      ...(last === undefined || last.state === 'applied' ? [] : [last.key]),
      ...createdTargets(set, tx),
    ];
    const { table, id } = change;
    const seen = this.#seen.get(tx)?.get(`${table}/${id}`);
    // Of one version there is nothing that the user did not see, or it is their own edit.
    if (seen !== undefined && seen.version !== version) {
      const shown = Object.entries(base).map(
        ([slot, cell]) => [slot, slot in seen.cells ? (seen.cells[slot] ?? null) : cell] as const,
      );
      const key = this.enqueue(tx, {
        op,
        table,
        id,
        set,
        base: Object.fromEntries(shown),
        // Of no version is less than of any.
        baseVersion: seen.version ?? 0,
        baseOf: null,
        after,
        changeSet,
        local,
      });
      return addEffects(tx.sql, key, effects);
    }
    const at = this.#now();
    const earlierEntry = last && currentEntry(this.#store.schema, last);
    const join = joined(tx, this.#epoch, earlierEntry, {
      op,
      id,
      set,
      base,
      local,
      after,
      changeSet,
      at,
      effects,
    });
    if (join !== null && last !== undefined) {
      if (join !== 'gone') {
        rewriteEntry(tx.sql, join);
        return addEffects(tx.sql, join.key, effects);
      }
      const others = [...effectsOf(readerOf(tx.sql), last.key), ...effects];
      deleteEntry(tx.sql, last.key);
      for (const one of [{ table, id }, ...others]) {
        if (layersOf(tx, one.table, one.id).length === 0) dropBase(tx, one.table, one.id);
      }
      return;
    }
    const key = this.enqueue(tx, {
      op,
      table,
      id,
      set,
      base,
      baseVersion: last === undefined && typeof version === 'number' ? version : null,
      baseOf: last?.key ?? null,
      after,
      changeSet,
      local,
    });
    addEffects(tx.sql, key, effects);
  }

  #now(): string {
    return new Date(this.#clock.now()).toISOString();
  }
}

/** Tables with edits that are not settled or given up. */
export function editedTables(store: DeviceStore): readonly string[] {
  const effects = store
    .all('SELECT DISTINCT table_name FROM "$effect"')
    .map(([name]) => String(name));
  return [...new Set([...tablesWhere(store, () => true), ...effects])].sort();
}

/** Tables of the queue that pass; it is not read for them, but asked for the next name each time. */
function tablesWhere(store: DeviceStore, passes: (table: string) => boolean): readonly string[] {
  const found: string[] = [];
  for (let last = ''; ; ) {
    const [next] = store.all('SELECT min(table_name) FROM "$outbox" WHERE table_name > ?', [last]);
    if (typeof next?.[0] !== 'string') return found;
    last = next[0];
    if (passes(last)) found.push(last);
  }
}

function nameOf([epoch, seq]: EntryKey): string {
  return `${epoch}/${seq}`;
}

/** Entries that are read at a time. */
const readAhead = 128;

/** Queued entries, single ones and change sets, in the order of their first entries; no more are read than are taken. */
function* queuedGroups(reader: Reader): Generator<readonly Entry[]> {
  const sets = new Set<string>();
  let last = -1;
  // The first is often all that is asked for.
  for (let size = 1; ; size = readAhead) {
    const where = `state = 'queued' AND seq > ?`;
    const entries = readEntries(reader, where, [last], size);
    for (const entry of entries) {
      last = entry.key[1];
      if (entry.changeSet === null) yield [entry];
      else if (!sets.has(entry.changeSet)) {
        sets.add(entry.changeSet);
        yield readEntries(reader, `change_set = ? AND state = 'queued'`, [entry.changeSet]);
      }
    }
    if (entries.length < size) return;
  }
}

function readFactOf(sql: SqlDriver): string | null {
  const row = sql.prepare('SELECT value FROM "$sync" WHERE key = ?').get(['nextSeq']);
  return row === undefined ? null : String(row[0]);
}

function cellOf(table: string, image: RowImage | null, slot: string, tx: WriteTx): Cell {
  const at = tx.schemaOf(table).slotIndex.get(slot);
  return at === undefined ? null : (image?.[at] ?? null);
}

function changedCells(
  change: DescribedChange,
  tx: WriteTx,
): { set: Cells; base: Cells; local: readonly string[] } {
  const set: Record<string, Cell> = {};
  const base: Record<string, Cell> = {};
  const local: string[] = [];
  if (change.after === null) return { set, base: nameCells(change, tx), local };
  const { slots, slotIndex } = tx.schemaOf(change.table);
  const keep = (i: number, name: string) => {
    set[name] = change.after?.[i] ?? null;
    base[name] = change.before?.[i] ?? null;
  };
  for (const [i, { name, part, column }] of slots.entries()) {
    if ((change.before?.[i] ?? null) === (change.after[i] ?? null)) continue;
    keep(i, name);
    const isLocal = part === 'name' || column.readOnly === true;
    if (isLocal) local.push(name);
    // Another row of the same table: without its table the id says nothing.
    const target = isLocal ? undefined : slotIndex.get(`${name}$t`);
    if (target !== undefined) keep(target, `${name}$t`);
  }
  return { set, base, local };
}

/** What a deleted row was called, for people who look at the queue. */
function nameCells({ table, before }: DescribedChange, tx: WriteTx): Cells {
  const { primaryName } = tx.schemaOf(table).table;
  return primaryName === null ? {} : { [primaryName]: cellOf(table, before, primaryName, tx) };
}

/** Creates that have not been applied yet and that the new lookup values point at. */
function createdTargets(set: Cells, tx: WriteTx): readonly EntryKey[] {
  const ids = Object.values(set).filter((cell) => typeof cell === 'string' && cell.length === 36);
  return ids.flatMap((id) =>
    readEntries(readerOf(tx.sql), "row_id = ? AND op = 'create' AND state IN ('queued', 'sent')", [
      id,
    ]).map((entry) => entry.key),
  );
}

/** Created rows before the created rows that point at them. */
function parentsFirst(changes: readonly RowChange[], tx: WriteTx): readonly RowChange[] {
  const waiting = [...changes];
  const ordered: RowChange[] = [];
  const created = new Set(changes.filter((one) => one.kind === 'insert').map((one) => one.id));
  while (waiting.length > 0) {
    const next = waiting.findIndex((change) => {
      const { set } = changedCells(change, tx);
      return !Object.values(set).some(
        (cell) => typeof cell === 'string' && cell !== change.id && created.has(cell),
      );
    });
    // Rows that point at each other keep the order they were written in.
    const [change] = waiting.splice(Math.max(0, next), 1);
    if (change === undefined) break;
    created.delete(change.id);
    ordered.push(change);
  }
  return ordered;
}

/**
 * What travels: what the user has set, under the names that columns had then. Whatever has become of a column since, the
 * organization is to judge.
 */
export function toPushEntry(entry: Entry): PushEntry {
  const local = new Set(entry.local);
  const pick = (cells: Cells): Cells =>
    Object.fromEntries(Object.entries(cells).filter(([slot]) => !local.has(slot)));
  const { key, op, table, id, baseVersion, baseOf, after, changeSet, attempts, at } = entry;
  return {
    key,
    op,
    table,
    id,
    set: pick(entry.set),
    base: pick(entry.base),
    baseVersion,
    baseOf,
    after,
    changeSet,
    attempt: attempts + 1,
    at,
  };
}
