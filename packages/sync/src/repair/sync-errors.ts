import { type Cell, currentCells, syncErrorTable } from '@outpost/model';
import type { DeviceStore, WriteTx } from '@outpost/store';
import { defer, filter, map, type Observable, startWith } from 'rxjs';
import { ensureBase, readBase, recomputeVisible } from '../apply/overlay.ts';
import { currentEntry } from '../outbox/current-entry.ts';
import { deleteEntry, type Entry, readEntries, readerOf } from '../outbox/entry.ts';
import { familyOf } from '../outbox/family.ts';
import type { Outbox } from '../outbox/outbox.ts';
import { type EntryKey, sameKey } from '../protocol/index.ts';
import { SyncError } from '../sync-error.ts';
import { lockLabel } from '../user/user-lock.ts';

/** An upload that the organization refused, waiting for the user. */
export interface SyncErrorRow {
  readonly id: string;
  readonly table: string;
  readonly rowId: string;
  /** What the row is, or was, called; null when that is not known here. */
  readonly name: string | null;
  readonly action: string;
  readonly type: 'Conflict' | 'Record not found' | 'Record already exists' | 'Others';
  readonly code: string;
  readonly message: string;
  readonly at: string;
  /**
   * Values the user wanted, by slot; also those of columns that are not there any more. Empty on the user's other devices.
   */
  readonly wanted: Entry['set'];
  /** True when this device holds the edit and can send it again. */
  readonly canRetry: boolean;
}

/**
 * `retry`: send again with the base the user saw. `keepMine`: send again over whatever the server has now. `takeServer`,
 * `discard`: give the edit up and keep the server's row.
 */
export type RepairAction = 'retry' | 'keepMine' | 'takeServer' | 'discard';

/** The three sides of a refused edit, column by column, by slot. */
export interface ErrorSides {
  readonly column: string;
  /** What the user saw. */
  readonly base: Cell;
  /** What the user wanted. */
  readonly mine: Cell;
  /** What the organization last sent; null also where the row is not on this device. */
  readonly theirs: Cell;
}

const typeNames = ['Conflict', 'Record not found', 'Record already exists', 'Others'] as const;

export class SyncErrors {
  readonly #store: DeviceStore;
  readonly #outbox: Outbox;

  constructor(store: DeviceStore, outbox: Outbox) {
    this.#store = store;
    this.#outbox = outbox;
  }

  /** Active sync errors, newest first. */
  list(): readonly SyncErrorRow[] {
    if (!this.#store.schema.has(syncErrorTable.name)) return [];
    const rows = this.#store.all(
      `SELECT syncerrorid, name, regardingobjectid, action, errortype, errorcode, errormessage, errortime
       FROM "syncerror" WHERE statecode = 0 ORDER BY errortime DESC, syncerrorid`,
    );
    return rows.map((row) => {
      const entry = this.#entryOf(String(row[0]));
      return {
        id: String(row[0]),
        table: String(row[1] ?? ''),
        rowId: String(row[2] ?? ''),
        name: this.#nameOf(String(row[1] ?? ''), String(row[2] ?? ''), entry),
        action: String(row[3] ?? ''),
        type: typeNames[Number(row[4] ?? 3)] ?? 'Others',
        code: String(row[5] ?? ''),
        message: String(row[6] ?? ''),
        at: String(row[7] ?? ''),
        wanted: entry?.set ?? {},
        canRetry: entry !== undefined,
      };
    });
  }

  /** How many are active. */
  count(): number {
    if (!this.#store.schema.has(syncErrorTable.name)) return 0;
    const rows = this.#store.all('SELECT count(*) FROM "syncerror" WHERE statecode = 0');
    return Number(rows[0]?.[0] ?? 0);
  }

  #nameOf(table: string, id: string, entry: Entry | undefined): string | null {
    const schema = this.#store.schema.get(table);
    const primary = schema?.table.primaryName ?? null;
    if (schema === undefined || primary === null) return null;
    const here = this.#store.get(table, id)?.[schema.slotIndex.get(primary) ?? -1];
    // A row that is not here is called what the edit says of it.
    const name = here ?? entry?.set[primary] ?? entry?.base[primary];
    return typeof name === 'string' ? name : null;
  }

  get changes(): Observable<readonly SyncErrorRow[]> {
    return defer(() =>
      this.#store.commits.pipe(
        filter((set) => set.tables.has(syncErrorTable.name) || set.label === lockLabel),
        startWith(null),
        map(() => this.list()),
      ),
    );
  }

  /** What was seen, wanted, and is there now, for each column of the edit. Empty on the user's other devices. */
  sides(id: string): readonly ErrorSides[] {
    const entry = this.#entryOf(id);
    if (entry === undefined) return [];
    const { table, id: row } = entry;
    const known = this.#store.all('SELECT cells FROM "$base" WHERE table_name = ? AND row_id = ?', [
      table,
      row,
    ])[0];
    const schema = this.#store.schema.get(table);
    const image = schema === undefined ? null : this.#store.get(table, row);
    const kept = typeof known?.[0] === 'string' ? (JSON.parse(known[0]) as Entry['set']) : {};
    const base = schema === undefined ? kept : currentCells(schema.table, kept);
    const theirs = (slot: string): Cell => {
      if (known !== undefined) {
        return base[slot] ?? null;
      }
      return image?.[schema?.slotIndex.get(slot) ?? -1] ?? null;
    };
    // The table of a lookup travels with it, changed or not.
    const isSaid = (slot: string, mine: Cell) =>
      !slot.endsWith('$t') || mine !== (entry.base[slot] ?? null);
    return Object.entries(entry.set)
      .filter(([slot, mine]) => isSaid(slot, mine))
      .map(([column, mine]) => ({
        column,
        base: entry.base[column] ?? null,
        mine,
        theirs: theirs(column),
      }));
  }

  #entryOf(syncError: string): Entry | undefined {
    const [entry] = readEntries(this.#store, 'sync_error_id = ?', [syncError]);
    return entry && currentEntry(this.#store.schema, entry);
  }

  /**
   * Sends the edit again with other values, over whatever the organization has now. `values`: cells by slot, joined to
   * what the edit wanted. `without`: columns that the edit is to leave alone, such as one that is not there any more. One
   * transaction, works offline.
   */
  editAndRetry(id: string, values: Entry['set'], without: readonly string[] = []): void {
    this.resolve(id, 'keepMine', values, without);
  }

  /** Repairs one sync error, and with it the edits that waited for it. Works offline; one transaction. */
  resolve(
    id: string,
    action: RepairAction,
    values: Entry['set'] = {},
    without: readonly string[] = [],
  ): void {
    const error = this.list().find((one) => one.id === id);
    if (error === undefined) {
      throw new SyncError(
        'error.unknown',
        `There is no active sync error ${id}.`,
        'List the errors again.',
      );
    }
    const givesUp = action === 'discard' || action === 'takeServer';
    if (!givesUp && !error.canRetry) {
      throw new SyncError(
        'error.elsewhere',
        'The edit was made on another device and cannot be sent again from here.',
        'Discard the error, or repair it on the other device.',
      );
    }
    // The entries are queued here by hand, so the write is not one of the user's to be described again.
    this.#store.write({ origin: 'sync', durability: 'full' }, (tx) => {
      const family = refusedWith(tx, id);
      if (givesUp) discard(tx, family);
      else this.#requeue(tx, family, action === 'keepMine', { id, values, without });
      for (const syncError of new Set([id, ...family.map((entry) => entry.syncErrorId ?? id)])) {
        this.#markFixed(tx, syncError);
      }
    });
  }

  /** Queues the entries again under new keys, in order, their references following. */
  #requeue(
    tx: WriteTx,
    family: readonly Entry[],
    overTheirs: boolean,
    edited: {
      readonly id: string;
      readonly values: Entry['set'];
      readonly without: readonly string[];
    },
  ): void {
    const renamed: (readonly [EntryKey, EntryKey])[] = [];
    const follow = (key: EntryKey): EntryKey =>
      renamed.find(([old]) => sameKey(old, key))?.[1] ?? key;
    // What stays refused is waited for no longer: the edit is sent without it, and stands on what it stood on.
    const left = readEntries(readerOf(tx.sql), "state = 'refused'").filter(
      (one) => !family.some((entry) => sameKey(entry.key, one.key)),
    );
    const leftAt = (key: EntryKey) => left.find((one) => sameKey(one.key, key));
    for (const made of family) {
      // Under a new key it may go as definitions are today.
      const entry = currentEntry(this.#store.schema, made);
      const before = tx.get(entry.table, entry.id);
      ensureBase(tx, entry.table, entry.id, before);
      deleteEntry(tx.sql, entry.key);
      const base = readBase(tx, entry.table, entry.id) ?? null;
      const { op, table, id } = entry;
      const { set, local } = entry.syncErrorId === edited.id ? editedEntry(entry, edited) : entry;
      const fresh = {
        base: Object.fromEntries(Object.keys(set).map((slot) => [slot, base?.[slot] ?? null])),
        baseVersion: typeof base?.['versionnumber'] === 'number' ? base['versionnumber'] : null,
        baseOf: null,
      };
      const below = entry.baseOf === null ? undefined : leftAt(entry.baseOf);
      const seen = {
        base: entry.base,
        baseVersion: below === undefined ? entry.baseVersion : below.baseVersion,
        baseOf: below === undefined ? entry.baseOf && follow(entry.baseOf) : below.baseOf,
      };
      const after = entry.after.filter((one) => leftAt(one) === undefined).map(follow);
      const key = this.#outbox.enqueue(tx, {
        op,
        table,
        id,
        set,
        local,
        after,
        changeSet: entry.changeSet,
        ...(overTheirs ? fresh : seen),
      });
      renamed.push([entry.key, key]);
      recomputeVisible(tx, table, id);
      const kind = op === 'create' ? 'insert' : op;
      this.#outbox.effects.again(tx, key, { table, id, kind, before, after: tx.get(table, id) });
    }
  }

  #markFixed(tx: WriteTx, id: string): void {
    const table = syncErrorTable.name;
    const before = tx.get(table, id);
    if (before === null) return;
    tx.update(table, id, { statecode: 1, statuscode: 1 });
    this.#outbox.describe({ table, id, kind: 'update', before, after: tx.get(table, id) }, tx);
  }
}

/** The refused entry behind a sync error and every entry that was refused because of it, in order. */
function refusedWith(tx: WriteTx, syncErrorId: string): readonly Entry[] {
  return familyOf(
    readEntries(readerOf(tx.sql), "state = 'refused'"),
    (entry) => entry.syncErrorId === syncErrorId,
    // Edits made as one are repaired as one, with everything that waits for any of them.
    ({ blockedBy, changeSet }, one) =>
      (blockedBy !== null && sameKey(one.key, blockedBy)) ||
      (changeSet !== null && one.changeSet === changeSet),
  );
}

/** What an edit sets after the user has changed it. */
function editedEntry(
  entry: Entry,
  edit: { readonly values: Entry['set']; readonly without: readonly string[] },
): Pick<Entry, 'set' | 'local'> {
  const isKept = (slot: string) => !edit.without.includes(slot.replace(/\$[tn]$/, ''));
  const kept = Object.entries(entry.set).filter(([slot]) => isKept(slot));
  const set = { ...Object.fromEntries(kept), ...edit.values };
  const isLocal = (slot: string) =>
    Object.hasOwn(edit.values, slot) ? slot.endsWith('$n') : entry.local.includes(slot);
  return { set, local: Object.keys(set).filter(isLocal) };
}

/** Refused edits are not on their rows any more: nothing changes there. */
function discard(tx: WriteTx, family: readonly Entry[]): void {
  for (const entry of family) deleteEntry(tx.sql, entry.key);
}
