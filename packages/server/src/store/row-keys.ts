/**
 * Alternate keys by their values: one folding decides whether two rows have the same key, and which row a key names, and a
 * primary key of the database holds it. Dataverse builds an index for a key in the same way, and a key whose index cannot
 * be built, because rows have the same values already, is there and of no use until it is built again.
 * https://learn.microsoft.com/power-apps/developer/data-platform/define-alternate-keys-entity
 */
import {
  type AlternateKey,
  type AppModel,
  type Cell,
  type Cells,
  fold,
  isText,
  type Table,
} from '@outpost/model';
import { name } from '@outpost/query';
import type { ReadTx, WriteTx } from './server-store.ts';
import { readState, writeState } from './state.ts';

/** A key that names no row, because several have the same values. */
export interface FailedKey {
  readonly table: string;
  readonly key: string;
  readonly columns: readonly string[];
  /** Ids of rows with the same values, each list one value; the first of many. */
  readonly twins: readonly (readonly string[])[];
}

/** What is told of a failed key at most. */
const mostTwins = 100;
const pageRows = 2000;
const failedState = 'failedKeys';

/** The values of a key in one text, without case and accents; null: a row without one of them has no key. */
export function keyValue(table: Table, { columns }: AlternateKey, cells: Cells): string | null {
  const values: Cell[] = [];
  for (const one of columns) {
    const cell = cells[one] ?? null;
    if (cell === null) return null;
    const column = table.columns.find((each) => each.name === one);
    const isFolded = column !== undefined && isText(column);
    values.push(isFolded ? fold(String(cell)) : cell);
  }
  return JSON.stringify(values);
}

/** The id of the row that has a key; null: none has. */
export async function rowOfKey(
  tx: ReadTx,
  table: string,
  key: string,
  value: string,
): Promise<string | null> {
  const found = await tx.all('SELECT pk FROM "$key" WHERE tbl = ? AND name = ? AND value = ?', [
    ...[table, key, value],
  ]);
  return found[0] === undefined ? null : String(found[0][0]);
}

/** Notes the keys of a row. Answers a key that another row has, without noting it; null: there is none. */
export async function noteKeys(
  tx: WriteTx,
  table: Table,
  id: string,
  before: Cells | null,
  after: Cells,
): Promise<AlternateKey | null> {
  for (const key of table.alternateKeys ?? []) {
    const old = before === null ? null : keyValue(table, key, before);
    const value = keyValue(table, key, after);
    if (old === value) continue;
    const holder = value === null ? null : await rowOfKey(tx, table.name, key.name, value);
    if (holder !== null && holder !== id) return key;
    await tx.run('DELETE FROM "$key" WHERE tbl = ? AND name = ? AND pk = ?', [
      ...[table.name, key.name, id],
    ]);
    if (value !== null) await insert(tx, table.name, key.name, value, id);
  }
  return null;
}

export async function dropKeys(tx: WriteTx, table: Table, id: string): Promise<void> {
  if ((table.alternateKeys ?? []).length === 0) return;
  await tx.run('DELETE FROM "$key" WHERE tbl = ? AND pk = ?', [table.name, id]);
}

export async function readFailedKeys(tx: ReadTx): Promise<readonly FailedKey[]> {
  const json = await readState(tx, failedState);
  return json === null ? [] : (JSON.parse(json) as readonly FailedKey[]);
}

/** Brings what is noted to the keys of the definitions: new and changed ones are built, and those that failed again. */
export async function buildKeys(tx: WriteTx, model: AppModel): Promise<void> {
  const known = JSON.parse((await readState(tx, 'keys')) ?? '{}') as Readonly<
    Record<string, string>
  >;
  const failedBefore = new Set((await readFailedKeys(tx)).map((one) => `${one.table}/${one.key}`));
  const built: Record<string, string> = {};
  const failed: FailedKey[] = [];
  for (const table of model.tables) {
    for (const key of table.alternateKeys ?? []) {
      const label = `${table.name}/${key.name}`;
      const types = key.columns.map((one) => table.columns.find((each) => each.name === one)?.type);
      built[label] = JSON.stringify([key.columns, types]);
      if (known[label] === built[label] && !failedBefore.has(label)) continue;
      const twins = await build(tx, table, key);
      if (twins.length > 0) {
        failed.push({ table: table.name, key: key.name, columns: key.columns, twins });
      }
    }
  }
  for (const label of Object.keys(known).filter((one) => built[one] === undefined)) {
    await tx.run('DELETE FROM "$key" WHERE tbl = ? AND name = ?', label.split('/'));
  }
  if (JSON.stringify(known) !== JSON.stringify(built)) {
    await writeState(tx, 'keys', JSON.stringify(built));
  }
  if (failed.length + failedBefore.size > 0) {
    await writeState(tx, failedState, JSON.stringify(failed));
  }
}

/** Notes a key of all rows that are there, in the order of their ids; answers those that have the same values. */
async function build(
  tx: WriteTx,
  table: Table,
  key: AlternateKey,
): Promise<readonly (readonly string[])[]> {
  await tx.run('DELETE FROM "$key" WHERE tbl = ? AND name = ?', [table.name, key.name]);
  const twins = new Map<string, string[]>();
  const primary = name(table.primaryId);
  const columns = key.columns.map(name).join(', ');
  let last = '';
  for (;;) {
    const rows = await tx.all(
      `SELECT ${primary}, ${columns} FROM ${name(table.name)} WHERE ${primary} > ? ORDER BY ${primary} LIMIT ${pageRows}`,
      [last],
    );
    for (const [id, ...cells] of rows) {
      last = String(id);
      const named = Object.fromEntries(key.columns.map((one, i) => [one, cells[i] ?? null]));
      const value = keyValue(table, key, named);
      if (value === null || (await insert(tx, table.name, key.name, value, last))) continue;
      const holder = (await rowOfKey(tx, table.name, key.name, value)) ?? '';
      const known = twins.get(value);
      if (known !== undefined) known.push(last);
      else if (twins.size < mostTwins) twins.set(value, [holder, last]);
    }
    if (rows.length < pageRows) return [...twins.values()];
  }
}

/** False: another row has the key. */
async function insert(
  tx: WriteTx,
  table: string,
  key: string,
  value: string,
  id: string,
): Promise<boolean> {
  const changed = await tx.run(
    'INSERT INTO "$key" (tbl, name, value, pk) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
    [table, key, value, id],
  );
  return changed > 0;
}
