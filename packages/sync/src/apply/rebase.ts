import { type Cells, versionColumn } from '@outpost/model';
import type { WriteTx } from '@outpost/store';
import { type Effect, effectsOf } from '../effects/effect.ts';
import { type Entry, readerOf, rewriteEntry } from '../outbox/entry.ts';
import { sameKey } from '../protocol/index.ts';
import { foldEntries, type Layer, layersOf, readBase, unsettledEntries } from './overlay.ts';

/** A row that edits of other rows have changed, before the answer in which the organization says so. */
export interface Affected {
  readonly table: string;
  readonly id: string;
  readonly version: unknown;
  /** What it becomes if nobody else has changed it. */
  readonly expected: Cells | null;
  readonly settled: readonly Layer[];
}

/** Rows that entries which are about to be settled have changed besides their own. */
export function affectedBy(tx: WriteTx, settled: readonly Entry[]): readonly Affected[] {
  const rows = new Map<string, Effect>();
  for (const { key } of settled) {
    for (const one of effectsOf(readerOf(tx.sql), key)) rows.set(`${one.table}/${one.id}`, one);
  }
  return [...rows.values()].map(({ table, id }) => {
    const base = readBase(tx, table, id) ?? null;
    const layers = layersOf(tx, table, id).filter(({ key }) =>
      settled.some((one) => sameKey(one.key, key)),
    );
    const version = base?.[versionColumn.name];
    return { table, id, version, expected: foldEntries(base, layers), settled: layers };
  });
}

/**
 * What the user did to such a row afterwards was done knowing the effect, though not the version that it made: where
 * nobody else has changed the row, the edit is based on that version. Without it the user would be in conflict with
 * themselves.
 */
export function rebase(tx: WriteTx, affected: readonly Affected[]): void {
  for (const { table, id, version, expected, settled } of affected) {
    const now = readBase(tx, table, id) ?? null;
    const [entry] = unsettledEntries(tx, table, id);
    if (now === null || expected === null || entry === undefined) continue;
    const { baseOf } = entry;
    const isBasedOnIt =
      baseOf === null
        ? entry.baseVersion !== null && entry.baseVersion === version
        : settled.some((one) => sameKey(one.key, baseOf));
    if (entry.state !== 'queued' || entry.everSent || !isBasedOnIt) continue;
    const current = now[versionColumn.name];
    if (typeof current !== 'number' || !isSame(tx, table, now, expected)) continue;
    rewriteEntry(tx.sql, { ...entry, baseVersion: current, baseOf: null });
  }
}

/** Equal in what people write; the platform's own columns and the names of lookups follow. */
function isSame(tx: WriteTx, table: string, one: Cells, other: Cells): boolean {
  return tx
    .schemaOf(table)
    .slots.filter(({ name, column }) => column.readOnly !== true && !name.endsWith('$n'))
    .every(({ name }) => (one[name] ?? null) === (other[name] ?? null));
}
