import { createHash } from 'node:crypto';
import {
  accessScope,
  activityPointer,
  dateTimeText,
  isDocumentColumn,
  mandatoryColumns,
  mayUseColumn,
  type OfflineProfileItem,
  type PlannedTable,
  type ProfileEdge,
  type SecurityContext,
  syncErrorTable,
  type Table,
  tableSlots,
  twinTables,
} from '@outpost/model';
import {
  type Dialect,
  dateRanges,
  join,
  name,
  parseFetch,
  queryTables,
  type Sql,
  sql,
} from '@outpost/query';
import type { PublishedApp } from '../published-app.ts';
import type { UserSecurity } from '../security/security-context.ts';
import { businessUnitSlot, ownerSlot } from '../store/physical-schema.ts';
import { readPredicate } from './read-predicate.ts';
import { shownCells } from './readable-name.ts';
import { compileReadable, queryContext, type ReadableQueryEnv } from './readable-query.ts';

/** V(T): the rows of one table that belong on a user's device. */
export interface DeviceView {
  readonly table: string;
  readonly primaryId: string;
  /** Slots sent to the device, primary key first. */
  readonly columns: readonly string[];
  /** Those that hold long texts. */
  readonly heavyColumns: readonly string[];
  /** The columns of the alias `v` as its user gets them. */
  readonly cells: Sql;
  /** Condition on the alias `v`. */
  readonly predicate: Sql;
  /** Condition on the alias `v`: its user may read the row, whether or not it belongs on the device. */
  readonly readable: Sql;
  readonly edges: readonly ProfileEdge[];
  /** Primary key of each source table of the edges. */
  readonly sourceKeys: ReadonlyMap<string, string>;
  readonly intervalMinutes: number;
  /** Changes whenever V(T) may change by anything else than row data. */
  readonly hash: string;
  /** Other tables that the filter reads. */
  readonly linkedTables: readonly string[];
}

/** A text that may be longer is long. */
const heavyLength = 1_000_000;

type Env = ReadableQueryEnv;

const ownErrors: OfflineProfileItem = {
  table: syncErrorTable.name,
  criteria: 'other',
  mine: true,
  relationships: [],
  intervalMinutes: 10,
};

/** Views of all tables of the profile, sources of related rows first. Everybody gets their own sync errors. */
export function compileViews(
  { index, plan }: Pick<PublishedApp, 'index' | 'plan'>,
  { context, shareStamps }: UserSecurity,
  dialect: Dialect,
  now: number,
): readonly DeviceView[] {
  const query = queryContext(context, now);
  const env: Env = { index, context, query, dialect };
  const planned = plan.some((one) => one.table === ownErrors.table)
    ? plan
    : [...plan, { table: ownErrors.table, item: ownErrors, edges: [] }];
  const itemsByTable = new Map(planned.map((one) => [one.table, one]));
  const hashes = new Map<string, string>();
  return planned.flatMap((one): DeviceView[] => {
    const table = index.table(one.table);
    if (table === undefined) return [];
    const filter = one.item.filter === undefined ? null : parseFetch(one.item.filter);
    const tables = filter?.kind === 'ok' ? [...queryTables(filter.value.root)] : [];
    const twins = one.table === activityPointer ? twinTables(index, table) : [];
    const columns = slotsOf(table, one.item, context);
    const hash = hashOf([
      columns,
      accessScope(context, 'read', one.table),
      shareStamps.get(one.table) ?? null,
      one.item,
      [...tables, ...twins.map((twin) => twin.name)].map((name) => [
        accessScope(context, 'read', name),
        shareStamps.get(name) ?? null,
      ]),
      usesToday(one.item.filter) || one.item.days !== undefined ? dayOf(now) : null,
      one.item.criteria === 'custom' ? query.teamIds : null,
      one.edges.map((edge) => [edge.relationship.name, hashes.get(edge.source)]),
    ]);
    hashes.set(one.table, hash);
    return [
      {
        table: one.table,
        primaryId: table.primaryId,
        columns,
        cells: shownCells(env, table, columns, 'v'),
        heavyColumns: table.columns
          .filter(
            (column) =>
              (column.maxLength ?? 0) > heavyLength &&
              !isDocumentColumn(column) &&
              columns.includes(column.name),
          )
          .map((column) => column.name),
        predicate: viewPredicate(env, itemsByTable, one, 'v', 0),
        readable: readPredicate(index, context, one.table, 'v'),
        edges: one.edges,
        sourceKeys: new Map(
          one.edges.map((edge) => [edge.source, index.table(edge.source)?.primaryId ?? '']),
        ),
        intervalMinutes: one.item.intervalMinutes,
        hash,
        linkedTables: tables.filter((name) => name !== one.table),
      },
    ];
  });
}

/** Slots of the columns that go to the device: what it cannot do without, the chosen ones; only what may be read. */
function slotsOf(
  table: Table,
  { columns }: OfflineProfileItem,
  context: SecurityContext,
): readonly string[] {
  const chosen = columns === undefined ? null : new Set([...columns, ...mandatoryColumns(table)]);
  return tableSlots(table)
    .filter((slot) => chosen === null || chosen.has(slot.column.name))
    .filter((slot) => mayUseColumn(context.columns, 'read', table.name, slot.column))
    .map((slot) => slot.name);
}

function keyOf(env: Env, table: string): string {
  return env.index.table(table)?.primaryId ?? '';
}

/** Whether a filter asks for a time relative to now. */
export function usesToday(filter: string | undefined): boolean {
  if (filter === undefined) return false;
  return Object.keys(dateRanges).some((operator) => filter.includes(`"${operator}"`));
}

function hashOf(parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16);
}

/** Readable, and either matched by the item's criteria or related to a row that is on the device. */
function viewPredicate(
  env: Env,
  items: ReadonlyMap<string, PlannedTable>,
  planned: PlannedTable,
  source: string,
  depth: number,
): Sql {
  const reasons = [criteria(env, planned.item, source)];
  for (const edge of planned.edges) {
    const other = items.get(edge.source);
    if (other === undefined) continue;
    const alias = `v${depth}_${reasons.length}`;
    const inView = viewPredicate(env, items, other, alias, depth + 1);
    const head = sql(
      `EXISTS (SELECT 1 FROM ${name(edge.source)} ${alias} WHERE ${relation(env, edge, alias, planned.table, source)} AND `,
    );
    reasons.push(join([head, inView, sql(')')], ''));
  }
  const read = readPredicate(env.index, env.context, planned.table, source);
  const tests = [read, join([sql('('), join(reasons, ' OR '), sql(')')], '')];
  const recent = notOlder(env, planned.item, source);
  if (recent !== null) tests.push(recent);
  return join([sql('('), join(tests, ' AND '), sql(')')], '');
}

/** Days are whole: a row changed ten days ago is within ten days all day long. */
function notOlder(env: Env, { days }: OfflineProfileItem, source: string): Sql | null {
  if (days === undefined) return null;
  if (days === 0) return sql('FALSE');
  const day = Date.parse(dayOf(env.query.now)) - days * 86_400_000;
  return sql(`${source}.${name('modifiedon')} >= ?`, dateTimeText(day));
}

/** The day of an instant, `YYYY-MM-DD` in UTC. */
export function dayOf(now: number): string {
  return new Date(now).toISOString().slice(0, 10);
}

function relation(
  env: Env,
  edge: ProfileEdge,
  other: string,
  ownTable: string,
  own: string,
): string {
  if (edge.direction === 'pair') {
    const { relationship, sourceColumn, ownColumn } = edge;
    const [sourceKey, ownKey] = [keyOf(env, edge.source), keyOf(env, ownTable)];
    return `EXISTS (SELECT 1 FROM ${name(relationship.intersect)} x WHERE x.${name(sourceColumn)} = ${other}.${name(sourceKey)} AND x.${name(ownColumn)} = ${own}.${name(ownKey)})`;
  }
  const { table, column, target } = edge.relationship;
  const lookup = env.index.column(table, column);
  const typed = lookup !== undefined && lookup.targets?.length !== 1;
  const primary = name(env.index.table(target)?.primaryId ?? '');
  const [holder, held] = edge.direction === 'target' ? [other, own] : [own, other];
  const type = typed
    ? ` AND ${holder}.${name(`${column}$t`)} = '${target.replaceAll("'", "''")}'`
    : '';
  return `${holder}.${name(column)} = ${held}.${primary}${type}`;
}

function criteria(env: Env, item: OfflineProfileItem, source: string): Sql {
  switch (item.criteria) {
    case 'all':
      return sql('TRUE');
    case 'related':
      return sql('FALSE');
    case 'other':
      return ownedBy(env.context, item, source);
    case 'custom':
      return customFilter(env, item, source);
    default:
      return item.criteria satisfies never;
  }
}

function ownedBy(context: SecurityContext, item: OfflineProfileItem, source: string): Sql {
  const owner = `${source}.${name(ownerSlot)}`;
  const tests: Sql[] = [];
  if (item.mine === true) tests.push(sql(`${owner} = ?`, context.userId));
  if (item.myTeams === true && context.teamIds.length > 0) {
    tests.push(
      sql(`${owner} IN (${context.teamIds.map(() => '?').join(', ')})`, ...context.teamIds),
    );
  }
  if (item.myBusinessUnit === true) {
    tests.push(sql(`${source}.${name(businessUnitSlot)} = ?`, context.businessUnitId));
  }
  if (tests.length === 0) return sql('FALSE');
  return join([sql('('), join(tests, ' OR '), sql(')')], '');
}

function customFilter(env: Env, item: OfflineProfileItem, source: string): Sql {
  const parsed = parseFetch(item.filter ?? '');
  if (parsed.kind === 'invalid') return sql('FALSE');
  const compiled = compileReadable(env, parsed.value);
  const primary = env.index.table(item.table)?.primaryId;
  if (compiled.kind === 'invalid' || primary === undefined) return sql('FALSE');
  return join([sql(`${source}.${name(primary)} IN (`), compiled.value.keys, sql(')')], '');
}
