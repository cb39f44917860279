import {
  accessScope,
  isDocumentColumn,
  mayUseColumn,
  parseDocumentReference,
  type Table,
  versionColumn,
} from '@outpost/model';
import {
  type ConditionNode,
  type FetchQuery,
  type FilterNode,
  type ODataExpand,
  type ODataOptions,
  parseODataQuery,
  type QueryPage,
  type QueryPlan,
  type QueryRow,
  readCurrentNames,
  readPlan,
  webApiRow,
  withFilter,
} from '@outpost/query';
import { readContent } from '../documents/content.ts';
import { HttpError } from '../server-error.ts';
import { readPredicate } from '../view/read-predicate.ts';
import { compileReadable, queryContext } from '../view/readable-query.ts';
import { mayReadColumn } from '../view/readable-values.ts';
import { rowAddress, type Scope } from './call.ts';
import { forbidden } from './errors.ts';
import { navigationName } from './names.ts';

/** Rows to read: a query, and how they are shown. */
export interface RowQuery {
  readonly table: Table;
  readonly query: FetchQuery;
  readonly expand: readonly ODataExpand[];
  /** FetchXML leaves empty columns out; the others show null. */
  readonly nulls: boolean;
  /** Columns that are read for other purposes and not shown. */
  readonly hidden: ReadonlySet<string>;
}

export interface ShownPage {
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  readonly page: QueryPage;
}

/** A row as it is shown. */
export type Shown = Readonly<Record<string, unknown>>;

/** Contents of files in one answer, in bytes. */
const maxContent = 64 * 1024 * 1024;
const linkPrefix = 'expand_';

/** Reads query options. Throws `QueryError`. */
export function odataRowQuery(scope: Scope, table: Table, options: ODataOptions): RowQuery {
  const parsed = parseODataQuery(table.name, options, scope.env.index);
  if (parsed.kind === 'invalid') throw parsed.errors[0];
  const { query, expand } = parsed.value;
  return { table, expand, nulls: true, ...withKey(scope, table, query) };
}

/**
 * Every row has its key and its version, whatever is selected. All columns are those that the caller may read: a secured
 * one is left out, as if it had no value.
 * https://learn.microsoft.com/power-apps/developer/data-platform/column-level-security
 */
export function withKey(
  { caller }: Pick<Scope, 'caller'>,
  table: Table,
  query: FetchQuery,
): Pick<RowQuery, 'query' | 'hidden'> {
  const { select } = query.root;
  const isListed = (column: string) =>
    select !== 'all' && select.some((one) => one.column === column && one.alias === null);
  const columns = [table.primaryId, versionColumn.name].filter((one) => !isListed(one));
  const hidden = new Set(
    isListed(versionColumn.name) || select === 'all' ? [] : [versionColumn.name],
  );
  const listed =
    select === 'all'
      ? table.columns
          .filter((one) => mayUseColumn(caller.context.columns, 'read', table.name, one))
          .map((one) => ({ column: one.name, alias: null }))
      : select;
  const added = columns
    .filter((column) => !listed.some((one) => one.column === column))
    .map((column) => ({ column, alias: null }));
  return { hidden, query: { ...query, root: { ...query.root, select: [...listed, ...added] } } };
}

/** Rows that have a value in a column. */
export function having(query: FetchQuery, column: string, operands: readonly string[]): FetchQuery {
  const operator = operands.length === 1 ? 'eq' : 'in';
  const condition: ConditionNode = { column, operator, operands, alias: null, valueOf: null };
  const filter: FilterNode = {
    kind: 'and',
    quickFind: false,
    items: [{ kind: 'condition', condition }],
  };
  return withFilter(query, filter);
}

/** Runs a query for what the caller may read, and shows its rows. */
export async function readRows(scope: Scope, wanted: RowQuery): Promise<ShownPage> {
  demandRead(scope, wanted.table);
  const plan = compile(scope, wanted.query);
  const page = await readPlan(wanted.query, plan, (sql, params) => scope.tx.all(sql, params));
  const rows: Shown[] = [];
  const budget = { left: maxContent };
  // Lookups are shown with the names that their rows have now.
  const named = await readCurrentNames(page.rows, {
    model: scope.env.index,
    has: mayReadColumn({ index: scope.env.index, context: scope.caller.context }),
    restrict: (table, source) =>
      readPredicate(scope.env.index, scope.caller.context, table, source),
    all: (sql, params) => scope.tx.all(sql, params),
    dialect: scope.tx.engine.dialect,
  });
  for (const row of named) rows.push(await show(scope, wanted, plan, row, budget));
  return { rows, page };
}

/** How many rows a query has. */
export async function countRows(scope: Scope, wanted: RowQuery): Promise<number> {
  demandRead(scope, wanted.table);
  const { count } = compile(scope, wanted.query);
  return Number((await scope.tx.all(count.text, count.params))[0]?.[0] ?? 0);
}

/** No role grants reading at all: that is said, rather than that there is nothing. */
export function demandRead({ caller }: Scope, table: Table): void {
  if (accessScope(caller.context, 'read', table.name).kind !== 'none') return;
  throw forbidden(`No role grants read on ${table.label}.`);
}

function compile(scope: Scope, query: FetchQuery): QueryPlan {
  const { env, tx, caller } = scope;
  const compiled = compileReadable(
    {
      index: env.index,
      context: caller.context,
      query: queryContext(caller.context, env.now()),
      dialect: tx.engine.dialect,
    },
    query,
  );
  if (compiled.kind === 'invalid') throw compiled.errors[0];
  return compiled.value;
}

async function show(
  scope: Scope,
  wanted: RowQuery,
  plan: QueryPlan,
  row: QueryRow,
  budget: { left: number },
): Promise<Shown> {
  const { table, expand, nulls, hidden } = wanted;
  const shown: Record<string, unknown> = shape(scope, plan, row, nulls, (key) =>
    hidden.has(key) || (expand.length > 0 && key.startsWith(linkPrefix)) ? null : key,
  );
  await fillContents(scope, plan, row, shown, budget);
  for (const one of expand) {
    if (one.kind === 'single') shown[one.property] = showSingle(scope, plan, row, one);
    else await showCollection(scope, table, row.id, one, shown);
  }
  return shown;
}

/** A row in the place of the lookup that leads to it; null where it may not be read. */
function showSingle(
  scope: Scope,
  plan: QueryPlan,
  row: QueryRow,
  { alias, table, expand }: Extract<ODataExpand, { kind: 'single' }>,
): Shown | null {
  const primaryId = scope.env.index.table(table)?.primaryId ?? '';
  if ((row.values[`${alias}.${primaryId}`] ?? null) === null) return null;
  const shown: Record<string, unknown> = shape(scope, plan, row, true, (key) =>
    key.startsWith(`${alias}.`) ? key.slice(alias.length + 1) : null,
  );
  delete shown['@odata.etag'];
  for (const one of expand) {
    if (one.kind === 'single') shown[one.property] = showSingle(scope, plan, row, one);
  }
  return shown;
}

async function showCollection(
  scope: Scope,
  table: Table,
  id: string,
  { property, relationship, query }: Extract<ODataExpand, { kind: 'collection' }>,
  shown: Record<string, unknown>,
): Promise<void> {
  const other = scope.env.index.table(query.root.table);
  if (other === undefined) return;
  const children: RowQuery = {
    table: other,
    expand: [],
    nulls: true,
    ...withKey(scope, other, relatedTo(scope, query, table, id, relationship)),
  };
  const { rows, page } = await readRows(scope, children);
  shown[property] = rows;
  if (page.moreRecords) {
    shown[`${property}@odata.nextLink`] = `${rowAddress(scope, table, id)}/${property}`;
  }
}

/** Those of a query's rows that a relationship connects with one row. */
export function relatedTo(
  { env }: Pick<Scope, 'env'>,
  query: FetchQuery,
  table: Table,
  id: string,
  relationship: Extract<ODataExpand, { kind: 'collection' }>['relationship'],
): FetchQuery {
  if (relationship.kind === 'manyToOne') return having(query, relationship.column, [id]);
  const { intersect, table1, column1, column2 } = relationship;
  const [own, other] = table1 === table.name ? [column1, column2] : [column2, column1];
  const condition: ConditionNode = {
    column: own,
    operator: 'eq',
    operands: [id],
    alias: null,
    valueOf: null,
  };
  return withFilter(query, {
    kind: 'and',
    quickFind: false,
    items: [
      {
        kind: 'link',
        link: {
          table: intersect,
          alias: 'pair',
          select: [],
          orders: [],
          links: [],
          filter: { kind: 'and', quickFind: false, items: [{ kind: 'condition', condition }] },
          from: other,
          to: env.index.table(query.root.table)?.primaryId ?? '',
          linkType: 'any',
        },
      },
    ],
  });
}

function shape(
  { env, request }: Scope,
  plan: QueryPlan,
  row: QueryRow,
  nulls: boolean,
  property: (key: string) => string | null,
): Record<string, unknown> {
  return {
    ...webApiRow(plan, row, {
      locale: 'en-US',
      timeZone: 'UTC',
      include: request.prefer.annotations,
      navigationProperty: (table, column, value) =>
        navigationName(env.index, table, column, value.table),
      property,
      nulls,
    }),
  };
}

/** Contents of files, in Base64, in the place of their names. */
async function fillContents(
  { tx }: Scope,
  plan: QueryPlan,
  row: QueryRow,
  shown: Record<string, unknown>,
  budget: { left: number },
): Promise<void> {
  for (const { key, column, output } of plan.columns) {
    if (!isDocumentColumn(column) || output.source !== plan.resolved.root) continue;
    const reference = parseDocumentReference(row.values[key]);
    if (reference === null) continue;
    budget.left -= reference.bytes;
    if (budget.left < 0) {
      throw new HttpError(
        413,
        'outpost:tooLarge',
        'The files of these rows are too large: ask for fewer rows.',
      );
    }
    const content = await readContent(tx, { table: row.table, id: row.id, column: column.name });
    shown[key] = content.toString('base64');
  }
}
