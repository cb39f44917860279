import { isLookupValue, type LookupValue, type ModelIndex } from '@outpost/model';
import type { QueryRow } from '../sql/compile.ts';
import { name as quoted } from '../sql/sql-text.ts';
import type { ReadAll } from './run-plan.ts';

/** Where current names of rows can be read. */
export interface NameSource {
  readonly model: ModelIndex;
  readonly all: ReadAll;
  /** Whether a table with this column is in the database. */
  readonly has: (table: string, column: string) => boolean;
}

/** Rows whose lookups have the names their targets have now; one that is not here keeps the name it came with. */
export function withCurrentNames<Row extends QueryRow>(
  rows: readonly Row[],
  source: NameSource,
): readonly Row[] {
  const lookups = rows.flatMap(({ values }) => Object.values(values).filter(isLookupValue));
  if (lookups.length === 0) return rows;
  const names = currentNames(lookups, source);
  return rows.map((row) => {
    const changed: Record<string, LookupValue> = {};
    for (const [key, value] of Object.entries(row.values)) {
      if (!isLookupValue(value)) continue;
      const name = names.get(value.id);
      if (name !== undefined && name !== value.name) changed[key] = { ...value, name };
    }
    return Object.keys(changed).length === 0
      ? row
      : { ...row, values: { ...row.values, ...changed } };
  });
}

function currentNames(
  lookups: readonly LookupValue[],
  { model, all, has }: NameSource,
): ReadonlyMap<string, string> {
  const ids = new Map<string, Set<string>>();
  for (const { table, id } of lookups) ids.set(table, (ids.get(table) ?? new Set()).add(id));
  const names = new Map<string, string>();
  for (const [table, wanted] of ids) {
    const target = model.table(table);
    const primaryName = target?.primaryName ?? null;
    if (target === undefined || primaryName === null || !has(table, primaryName)) continue;
    const key = quoted(target.primaryId);
    const rows = all(
      `SELECT ${key}, ${quoted(primaryName)} FROM ${quoted(table)} WHERE ${key} IN (SELECT value FROM json_each(?))`,
      [JSON.stringify([...wanted])],
    );
    for (const [id, name] of rows) if (typeof name === 'string') names.set(String(id), name);
  }
  return names;
}
