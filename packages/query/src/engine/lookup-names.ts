import type { Cell, ColumnValue, LookupValue, ModelIndex } from '@outpost/model';
import { isLookupValue, isPartyList } from '@outpost/model';
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
  /**
   * Rows that may be named, as a condition on a table's alias. Where it is given, rows of the model's tables that are not
   * among them have no name, whatever a lookup remembers.
   */
  readonly restrict?: (table: string, source: string) => Sql | null;
}

/** Rows whose lookups have the names their targets have now; one that is not here keeps the name it came with. */
export function withCurrentNames<Row extends QueryRow>(
  rows: readonly Row[],
  source: NameSource & { readonly all: ReadAll },
): readonly Row[] {
  const answers = nameQueries(rows, source).map(({ text, params }) => source.all(text, params));
  return withNames(rows, answers.flat(), source);
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
  return withNames(rows, found, source);
}

/** One query of ids and names for each table that lookups lead to. */
function nameQueries(
  rows: readonly QueryRow[],
  { model, has, dialect = sqlite, restrict }: NameSource,
): readonly Sql[] {
  const ids = new Map<string, Set<string>>();
  for (const { values } of rows) {
    for (const { table, id } of Object.values(values).flatMap(lookupsIn)) {
      ids.set(table, (ids.get(table) ?? new Set()).add(id));
    }
  }
  return [...ids].flatMap(([table, wanted]): Sql[] => {
    const target = model.table(table);
    const primaryName = target?.primaryName ?? null;
    if (target === undefined || primaryName === null || !has(table, primaryName)) return [];
    const key = `n.${quoted(target.primaryId)}`;
    const restriction = restrict?.(table, 'n') ?? null;
    const statement = concat(
      `SELECT ${key}, n.${quoted(primaryName)} FROM ${quoted(table)} n WHERE `,
      dialect.inList(key, [...wanted]),
      restriction === null ? '' : concat(' AND ', restriction),
    );
    return [dialect.finish(statement)];
  });
}

/** The rows that a value leads to: one, or the parties of an activity. */
function lookupsIn(value: ColumnValue): readonly LookupValue[] {
  if (isLookupValue(value)) return [value];
  return isPartyList(value) ? value : [];
}

function withNames<Row extends QueryRow>(
  rows: readonly Row[],
  found: readonly (readonly Cell[])[],
  { model, restrict }: Pick<NameSource, 'model' | 'restrict'>,
): readonly Row[] {
  const names = new Map(
    found.flatMap(([id, name]) => (typeof name === 'string' ? [[String(id), name] as const] : [])),
  );
  if (names.size === 0 && restrict === undefined) return rows;
  const named = (value: LookupValue): LookupValue => {
    const name = names.get(value.id);
    if (name !== undefined) return name === value.name ? value : { ...value, name };
    const isKept =
      restrict === undefined || (model.table(value.table)?.primaryName ?? null) === null;
    return isKept || value.name === undefined ? value : { table: value.table, id: value.id };
  };
  return rows.map((row) => {
    const changed: Record<string, ColumnValue> = {};
    for (const [key, value] of Object.entries(row.values)) {
      if (isLookupValue(value)) {
        const current = named(value);
        if (current !== value) changed[key] = current;
      } else if (isPartyList(value) && value.some((one) => named(one) !== one)) {
        changed[key] = value.map(named);
      }
    }
    return Object.keys(changed).length === 0
      ? row
      : { ...row, values: { ...row.values, ...changed } };
  });
}
