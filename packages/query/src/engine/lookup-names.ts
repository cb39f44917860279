import type { Cell, LookupValue, ModelIndex } from '@outpost/model';
import { isLookupValue } from '@outpost/model';
import type { QueryRow } from '../sql/compile.ts';
import { type Dialect, sqlite } from '../sql/dialect.ts';
import { concat, name as quoted, type Sql } from '../sql/sql-text.ts';
import type { ReadAll, ReadAllLater } from './run-plan.ts';

/** Where current names of rows can be read. */
export interface NameSource {
  readonly model: ModelIndex;
  /** Whether a table with this column is in the database. */
  readonly has: (table: string, column: string) => boolean;
  /** Default: SQLite. */
  readonly dialect?: Dialect;
}

/** Rows whose lookups have the names their targets have now; one that is not here keeps the name it came with. */
export function withCurrentNames<Row extends QueryRow>(
  rows: readonly Row[],
  source: NameSource & { readonly all: ReadAll },
): readonly Row[] {
  const answers = nameQueries(rows, source).map(({ text, params }) => source.all(text, params));
  return withNames(rows, answers.flat());
}

/** `withCurrentNames` on a database that answers later. */
export async function readCurrentNames<Row extends QueryRow>(
  rows: readonly Row[],
  source: NameSource & { readonly all: ReadAllLater },
): Promise<readonly Row[]> {
  const found: (readonly Cell[])[] = [];
  for (const { text, params } of nameQueries(rows, source)) {
    found.push(...(await source.all(text, params)));
  }
  return withNames(rows, found);
}

/** One query of ids and names for each table that lookups lead to. */
function nameQueries(
  rows: readonly QueryRow[],
  { model, has, dialect = sqlite }: NameSource,
): readonly Sql[] {
  const ids = new Map<string, Set<string>>();
  for (const { values } of rows) {
    for (const value of Object.values(values)) {
      if (!isLookupValue(value)) continue;
      ids.set(value.table, (ids.get(value.table) ?? new Set()).add(value.id));
    }
  }
  return [...ids].flatMap(([table, wanted]): Sql[] => {
    const target = model.table(table);
    const primaryName = target?.primaryName ?? null;
    if (target === undefined || primaryName === null || !has(table, primaryName)) return [];
    const key = quoted(target.primaryId);
    const statement = concat(
      `SELECT ${key}, ${quoted(primaryName)} FROM ${quoted(table)} WHERE `,
      dialect.inList(key, [...wanted]),
    );
    return [dialect.finish(statement)];
  });
}

function withNames<Row extends QueryRow>(
  rows: readonly Row[],
  found: readonly (readonly Cell[])[],
): readonly Row[] {
  const names = new Map(
    found.flatMap(([id, name]) => (typeof name === 'string' ? [[String(id), name] as const] : [])),
  );
  if (names.size === 0) return rows;
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
