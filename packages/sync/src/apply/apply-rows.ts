import { type Cell, isDocumentColumn } from '@outpost/model';
import { type DeviceStore, quoted, type WriteTx } from '@outpost/store';
import type { Effects } from '../effects/effects.ts';
import { type KeyRange, readFact, writeFact } from '../engine/sync-state.ts';
import { deleteEntry, readEntries, readerOf } from '../outbox/entry.ts';
import type {
  CheckReason,
  HelloResponse,
  PageResponse,
  PullResponse,
  TableRows,
} from '../protocol/index.ts';
import { leave } from './leave.ts';
import { applyBase, recomputeVisible } from './overlay.ts';
import { type Affected, affectedBy, rebase } from './rebase.ts';

/** Takes in a page: its rows, the removal of rows the range no longer holds, and the cursor, in one transaction. */
export function applyPage(
  store: DeviceStore,
  page: PageResponse,
  after: string | null,
  bytes: number,
): void {
  store.write({ origin: 'sync' }, (tx) => {
    replaceRange(store, tx, page, after);
    const walk = tx.sql
      .prepare('SELECT again, view, walk_rows FROM "$sync_table" WHERE table_name = ?')
      .get([page.table]);
    const first = after === null;
    const startView = first ? page.view : walk?.[1];
    const again = startView !== page.view || (!first && walk?.[0] === 1);
    const atEnd = page.covered === null;
    // The view changed under the walk: what was read before is compared with it as it is now.
    const state = !atEnd ? 'load' : again ? 'check' : 'ready';
    const walkRows = (first ? 0 : Number(walk?.[2])) + page.rows.length;
    tx.sql
      .prepare(
        `UPDATE "$sync_table" SET columns = CASE WHEN ? THEN ? ELSE columns END, state = ?, cursor = ?, again = ?, ranges = NULL, view = ?, walk_rows = ?,
         rows_done = max(rows_done, ?), bytes_done = bytes_done + ?, last_sync_at = ? WHERE table_name = ?`,
      )
      .run([
        // What was read with other columns makes a check fail.
        first ? 1 : 0,
        columnsOf(page),
        state,
        page.covered,
        again && !atEnd ? 1 : 0,
        String(again && atEnd ? page.view : startView),
        walkRows,
        walkRows,
        bytes,
        page.now,
        page.table,
      ]);
  });
}

/** The columns that the table was read with; a check fails by itself when the organization has others now. */
function columnsOf({ columns, empty }: TableRows): string {
  return JSON.stringify([...columns, ...empty]);
}

/** Takes in a part of a check, with what is then left to read. */
export function applyCheckPage(
  store: DeviceStore,
  page: PageResponse,
  after: string | null,
  left: readonly KeyRange[],
  bytes: number,
): void {
  store.write({ origin: 'sync' }, (tx) => {
    replaceRange(store, tx, page, after);
    tx.sql
      .prepare(
        `UPDATE "$sync_table" SET columns = CASE WHEN ? THEN ? ELSE columns END, ranges = ?, again = CASE WHEN view = ? THEN again ELSE 1 END, bytes_done = bytes_done + ?
         WHERE table_name = ?`,
      )
      .run([
        left.length === 0 ? 1 : 0,
        columnsOf(page),
        JSON.stringify(left),
        page.view,
        bytes,
        page.table,
      ]);
  });
}

/** What a check has found to be read, and the view hash that it began under. */
export function setRanges(
  store: DeviceStore,
  table: string,
  ranges: readonly KeyRange[],
  view: string,
): void {
  store.write({ origin: 'sync' }, (tx) =>
    tx.sql
      .prepare('UPDATE "$sync_table" SET ranges = ?, view = ?, again = 0 WHERE table_name = ?')
      .run([JSON.stringify(ranges), view, table]),
  );
}

/** The table equals V(T), or is compared again because V(T) changed meanwhile. */
export function finishCheck(store: DeviceStore, table: string): void {
  store.write({ origin: 'sync' }, (tx) => {
    const rows = store.count(table);
    tx.sql
      .prepare(
        `UPDATE "$sync_table" SET state = CASE WHEN again = 1 THEN 'check' ELSE 'ready' END, again = 0, ranges = NULL,
         cursor = NULL, rows_done = max(rows_done, ?) WHERE table_name = ?`,
      )
      .run([rows, table]);
  });
}

/** Takes in what the organization says about some rows; those that are absent leave. */
export function applyIds(store: DeviceStore, page: PageResponse, ids: readonly string[]): void {
  store.write({ origin: 'sync' }, (tx) => {
    const kept = applyTableRows(tx, page);
    for (const id of ids) if (!kept.has(id)) leave(tx, page.table, id, 'filter', page.now);
  });
}

/** The rows of a key range become those of the page. */
function replaceRange(
  store: DeviceStore,
  tx: WriteTx,
  page: PageResponse,
  after: string | null,
): void {
  const present = rowsInRange(tx, page.table, after, page.covered);
  const kept = store.isLoading(page.table) ? loadTableRows(tx, page) : applyTableRows(tx, page);
  for (const id of present) if (!kept.has(id)) leave(tx, page.table, id, 'filter', page.now);
}

/** Takes in a delta: rows, removals, confirmed edits, tokens and tables to read again, in one transaction. */
export function applyPull(
  store: DeviceStore,
  pull: PullResponse,
  bytes: number,
  effects: Effects | null = null,
): void {
  store.write({ origin: 'sync' }, (tx) => {
    const { touched, affected } = settle(tx, pull);
    for (const { table, ids, reason } of pull.removes) {
      for (const id of ids) leave(tx, table, id, reason, pull.now);
    }
    const arrived: { readonly table: string; readonly id: string }[] = [];
    for (const rows of pull.changes) {
      for (const id of applyTableRows(tx, rows)) arrived.push({ table: rows.table, id });
    }
    rebase(tx, affected);
    for (const { table, id } of touched) recomputeVisible(tx, table, id);
    effects?.arrived(tx, arrived);
    for (const { token, tables } of pull.tokens) {
      for (const table of tables) {
        tx.sql
          .prepare('UPDATE "$sync_table" SET token = ?, last_sync_at = ? WHERE table_name = ?')
          .run([token, pull.now, table]);
      }
    }
    for (const { table, view, why } of pull.check) startCheck(tx, table, view, why);
    if (pull.check.some(({ why }) => why === 'feed')) {
      // The organization may have lost them: under their keys they are either known or carried out.
      tx.sql.prepare(`UPDATE "$outbox" SET state = 'queued' WHERE state = 'applied'`).run();
    }
    writeFact(tx.sql, 'pullBytes', String(Number(readFact(store, 'pullBytes') ?? 0) + bytes));
  });
}

/** A table that is being read goes on and is compared after it; one that was never read is read. */
function startCheck(tx: WriteTx, table: string, view: string, why: CheckReason): void {
  const row = tx.sql
    .prepare('SELECT state, cursor FROM "$sync_table" WHERE table_name = ?')
    .get([table]);
  const [state, cursor] = [row?.[0], row?.[1]];
  if (state === 'load' && cursor === null) {
    tx.sql.prepare('UPDATE "$sync_table" SET view = ? WHERE table_name = ?').run([view, table]);
    return;
  }
  if (state === 'load' || state === 'check') {
    // The first token of a walk is older than its pages: nothing is to be compared for it.
    if (why === 'first') return;
    tx.sql.prepare('UPDATE "$sync_table" SET again = 1 WHERE table_name = ?').run([table]);
    return;
  }
  tx.sql
    .prepare(
      `UPDATE "$sync_table" SET state = 'check', view = ?, again = 0, ranges = NULL, cursor = NULL WHERE table_name = ?`,
    )
    .run([view, table]);
}

/** Cells that did not travel are empty: the row becomes what came. */
function applyTableRows(tx: WriteTx, rows: TableRows): ReadonlySet<string> {
  const schema = tx.schemaOf(rows.table);
  noteDocuments(tx, rows);
  const primary = rows.columns.indexOf(schema.table.primaryId);
  const known = rows.columns.map((column) => (schema.slotIndex.has(column) ? column : null));
  const ids = new Set<string>();
  for (const row of rows.rows) {
    const cells: Record<string, Cell> = {};
    known.forEach((column, i) => {
      if (column !== null) cells[column] = row[i] ?? null;
    });
    const id = String(row[primary]);
    ids.add(id);
    applyBase(tx, rows.table, id, cells);
  }
  return ids;
}

/** The same for a table that is being filled: rows without edits on top go in without a look at what was there. */
function loadTableRows(tx: WriteTx, rows: TableRows): ReadonlySet<string> {
  const { slots, table } = tx.schemaOf(rows.table);
  noteDocuments(tx, rows);
  const primary = rows.columns.indexOf(table.primaryId);
  const edited = new Set(
    tx.sql
      .prepare('SELECT row_id FROM "$base" WHERE table_name = ?')
      .all([rows.table])
      .map((row) => String(row[0])),
  );
  const known = slots.filter((slot) => rows.columns.includes(slot.name));
  const positions = known.map((slot) => rows.columns.indexOf(slot.name));
  const plain: Cell[][] = [];
  const others: (readonly Cell[])[] = [];
  const ids = new Set<string>();
  for (const row of rows.rows) {
    const id = String(row[primary]);
    ids.add(id);
    if (edited.has(id)) others.push(row);
    else plain.push(positions.map((at) => row[at] ?? null));
  }
  const names = known.map((slot) => slot.name);
  const empty = slots.map((slot) => slot.name).filter((name) => !names.includes(name));
  tx.load(rows.table, names, plain, empty);
  applyTableRows(tx, { ...rows, rows: others });
  return ids;
}

/** Rows that name documents have come: contents may be missing. */
function noteDocuments(tx: WriteTx, { table, columns, rows }: TableRows): void {
  const documents = tx.schemaOf(table).table.columns.filter(isDocumentColumn);
  if (rows.length > 0 && documents.some((one) => columns.includes(one.name))) {
    writeFact(tx.sql, 'documentsWanted', 'yes');
  }
}

/** Removes confirmed edits from the overlay; their effect is in the base of the same answer. */
function settle(
  tx: WriteTx,
  pull: PullResponse,
): {
  readonly touched: readonly { readonly table: string; readonly id: string }[];
  readonly affected: readonly Affected[];
} {
  const settled = pull.acked.flatMap((range) =>
    readEntries(readerOf(tx.sql), `epoch = ? AND seq >= ? AND seq <= ? AND state = 'applied'`, [
      ...range,
    ]),
  );
  const affected = affectedBy(tx, settled);
  for (const entry of settled) deleteEntry(tx.sql, entry.key);
  return { touched: [...settled, ...affected], affected };
}

function rowsInRange(
  tx: WriteTx,
  table: string,
  after: string | null,
  covered: string | null,
): readonly string[] {
  const primary = quoted(tx.schemaOf(table).table.primaryId);
  const tests = [
    after === null ? null : `${primary} > ?`,
    covered === null ? null : `${primary} <= ?`,
  ];
  const where = tests.filter((test) => test !== null).join(' AND ') || '1';
  const params = [after, covered].filter((bound) => bound !== null);
  const visible = tx.sql
    .prepare(`SELECT ${primary} FROM ${quoted(table)} WHERE ${where}`)
    .all(params);
  const bases = tx.sql
    .prepare(
      `SELECT row_id FROM "$base" WHERE table_name = ? AND cells IS NOT NULL AND ${where.replaceAll(primary, 'row_id')}`,
    )
    .all([table, ...params]);
  return [...new Set([...visible, ...bases].map((row) => String(row[0])))].filter(
    (id) => !isLocalOnly(tx, table, id),
  );
}

/** A row that exists on this device only, because its create is not uploaded yet. */
function isLocalOnly(tx: WriteTx, table: string, id: string): boolean {
  const base = tx.sql
    .prepare('SELECT cells IS NULL FROM "$base" WHERE table_name = ? AND row_id = ?')
    .get([table, id]);
  return base?.[0] === 1;
}

/** Stores the plan: new tables are to be loaded, tables that left the plan lose their rows without pending edits. */
export function applyPlan(store: DeviceStore, hello: HelloResponse): void {
  store.write({ origin: 'sync' }, (tx) => {
    writeFact(tx.sql, 'hello', JSON.stringify(hello));
    writeFact(tx.sql, 'previousEpochs', '[]');
    forgetUnplanned(tx, hello);
    const planned = new Set(hello.plan.map((one) => one.table));
    // What is in the database without being planned has edits that are not settled.
    for (const name of store.schema.keys()) if (!planned.has(name)) leaveTable(tx, name);
    hello.plan.forEach((one, i) => {
      tx.sql
        .prepare(
          `INSERT INTO "$sync_table" (table_name, state, order_no, rows_expected, interval_minutes) VALUES (?1, 'load', ?2, coalesce(?3, 0), ?4)
           ON CONFLICT (table_name) DO UPDATE SET order_no = excluded.order_no,
           rows_expected = coalesce(?3, rows_expected), interval_minutes = excluded.interval_minutes`,
        )
        .run([one.table, i + 1, one.rows, one.intervalMinutes]);
    });
  });
}

/**
 * How far tables outside of the plan were read is forgotten. Before they are dropped: whatever is left of this after a
 * power loss, a table that is not there, or is there anew, never counts as read.
 */
export function forgetUnplanned(tx: WriteTx, { plan }: HelloResponse): void {
  const planned = new Set(plan.map((one) => one.table));
  for (const [name] of tx.sql.prepare('SELECT table_name FROM "$sync_table"').all()) {
    if (planned.has(String(name))) continue;
    tx.sql.prepare('DELETE FROM "$sync_table" WHERE table_name = ?').run([String(name)]);
  }
}

/** A table that left the plan but still has edits that are not settled keeps those rows only. */
function leaveTable(tx: WriteTx, table: string): void {
  for (const id of rowsInRange(tx, table, null, null)) applyBase(tx, table, id, null);
}
