import { type Cell, type Cells, type Clock, type ModelIndex, versionColumn } from '@outpost/model';
import type {
  DeviceStore,
  Participant,
  RowChange,
  RowImage,
  SqlDriver,
  WriteTx,
} from '@outpost/store';
import { ensureBase, unsettledEntries } from '../apply/overlay.ts';
import { writeFact } from '../engine/sync-state.ts';
import { type EntryKey, type PushEntry, sameKey } from '../protocol/index.ts';
import { type Entry, insertEntry, readEntries, readerOf } from './entry.ts';

const maxBatch = 100;

/** What the outbox needs of a row change. */
type DescribedChange = Omit<RowChange, 'changed' | 'rid' | 'isNew'>;

/** The user's edits that the organization has not confirmed yet. Each commits together with its row. */
export class Outbox implements Participant {
  readonly name = 'sync.outbox';
  readonly phase = 'derive';
  readonly #store: DeviceStore;
  readonly #clock: Clock;
  readonly #epoch: string;

  constructor(store: DeviceStore, clock: Clock, epoch: string) {
    this.#store = store;
    this.#clock = clock;
    this.#epoch = epoch;
  }

  beforeCommit(tx: WriteTx): void {
    if (tx.origin !== 'local') return;
    for (const change of parentsFirst(tx.changes, tx)) this.describe(change, tx);
  }

  /** Queues an entry; the caller has kept the row's base. */
  enqueue(
    tx: WriteTx,
    entry: Omit<Entry, 'key' | 'state' | 'at' | 'syncErrorId' | 'blockedBy'>,
  ): EntryKey {
    const seq = Number(readFactOf(tx.sql) ?? '1');
    writeFact(tx.sql, 'nextSeq', String(seq + 1));
    const key: EntryKey = [this.#epoch, seq];
    const at = new Date(this.#clock.now()).toISOString();
    insertEntry(tx.sql, { ...entry, key, state: 'queued', at, syncErrorId: null, blockedBy: null });
    return key;
  }

  pending(): readonly Entry[] {
    return readEntries(this.#store, "state IN ('queued', 'sent')");
  }

  /** Entries that wait to be seen in the base. */
  awaiting(): readonly EntryKey[] {
    return readEntries(this.#store, "state = 'applied'").map((entry) => entry.key);
  }

  /** The next entries to send: everything they depend on is applied, settled, or earlier in the batch. */
  nextBatch(): readonly Entry[] {
    const open = readEntries(this.#store, "state <> 'applied'");
    const batch: Entry[] = [];
    for (const entry of open) {
      if (entry.state !== 'queued') continue;
      const blocked = entry.after.some(
        (key) =>
          open.some((one) => sameKey(one.key, key)) && !batch.some((one) => sameKey(one.key, key)),
      );
      if (!blocked) batch.push(entry);
      if (batch.length === maxBatch) break;
    }
    return batch;
  }

  /** Queues the entry of one row change, on top of the row's base. */
  describe(change: DescribedChange, tx: WriteTx): void {
    ensureBase(tx, change.table, change.id, change.before);
    const earlier = unsettledEntries(tx, change.table, change.id);
    const last = earlier.at(-1);
    const { set, base } = changedCells(change, tx);
    const version = cellOf(change.table, change.before, versionColumn.name, tx);
    this.enqueue(tx, {
      op: change.kind === 'insert' ? 'create' : change.kind,
      table: change.table,
      id: change.id,
      set,
      base,
      baseVersion: last === undefined && typeof version === 'number' ? version : null,
      baseOf: last?.key ?? null,
      after: [
        ...(last === undefined || last.state === 'applied' ? [] : [last.key]),
        ...createdTargets(set, tx),
      ],
    });
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

function changedCells(change: DescribedChange, tx: WriteTx): { set: Cells; base: Cells } {
  const set: Record<string, Cell> = {};
  const base: Record<string, Cell> = {};
  if (change.after === null) return { set, base };
  for (const [i, slot] of tx.schemaOf(change.table).slots.entries()) {
    const before = change.before?.[i] ?? null;
    const after = change.after[i] ?? null;
    if (before === after) continue;
    set[slot.name] = after;
    base[slot.name] = before;
  }
  return { set, base };
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

/** What travels: columns the user may set, without display names. */
export function toPushEntry(entry: Entry, model: ModelIndex): PushEntry {
  const travels = (slot: string) => {
    if (slot.endsWith('$n')) return false;
    const column = model.column(entry.table, slot.replace(/\$t$/, ''));
    return column !== undefined && column.readOnly !== true;
  };
  const pick = (cells: Cells): Cells =>
    Object.fromEntries(Object.entries(cells).filter(([slot]) => travels(slot)));
  const { key, op, table, id, baseVersion, baseOf, after, at } = entry;
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
    at,
  };
}
