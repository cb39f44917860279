import {
  type Column,
  dataverseErrors,
  isChoice,
  isLookup,
  isText,
  type ModelIndex,
  mandatoryColumns,
  type SavedQuery,
  tablesWithoutOfflineViews,
} from '@outpost/model';
import { type EntityNode, nodesOf, ownConditions } from '../fetch-xml/ast.ts';
import { parseFetch } from '../fetch-xml/parse.ts';
import { operators } from '../operators/operator-table.ts';
import { resolveQuery } from '../plan/resolve.ts';
import type { QueryContext } from '../query-context.ts';
import { quickFindQuery } from './quick-find.ts';

export interface UnavailableReason {
  readonly reason:
    | 'personalView'
    | 'tableWithoutViews'
    | 'tableNotOffline'
    | 'columnNotOffline'
    | 'operatorNotOffline'
    | 'conditionNotOffline'
    | 'invalidQuery';
  readonly code: string;
  readonly message: string;
  readonly table?: string;
  readonly column?: string;
  readonly operator?: string;
}

export interface AvailabilityOptions {
  readonly model: ModelIndex;
  readonly offlineTables: ReadonlySet<string>;
  readonly context: QueryContext;
  /** Refuse operators that the Power Apps mobile app does not run offline. Default: all run. */
  readonly strictOfflineParity?: boolean;
}

/** Whether a view runs offline; if not, every reason at once. */
export function availability(
  view: SavedQuery,
  { model, offlineTables, context, strictOfflineParity = false }: AvailabilityOptions,
): readonly UnavailableReason[] {
  const notAvailable = dataverseErrors.viewNotAvailableOffline;
  const parsed = parseFetch(view.fetchXml);
  if (parsed.kind === 'invalid') {
    return parsed.errors.map(({ message, dataverseCode }) => ({
      reason: 'invalidQuery',
      code: dataverseCode ?? notAvailable,
      message,
    }));
  }
  const reasons: UnavailableReason[] = [];
  const { root } = parsed.value;
  if (tablesWithoutOfflineViews.has(view.table)) {
    const message = `Table "${view.table}" has no views offline.`;
    reasons.push({ reason: 'tableWithoutViews', code: notAvailable, message, table: view.table });
  }
  for (const table of queryTables(root)) {
    if (model.table(table) !== undefined && offlineTables.has(table)) continue;
    reasons.push({
      reason: 'tableNotOffline',
      code: dataverseErrors.tableInViewNotOffline,
      message: `Table "${table}" is not on this device.`,
      table,
    });
  }
  // Placeholders of a quick find view are no values yet: it is judged with a term filled in.
  const { query } = quickFindQuery(parsed.value, 'x', model);
  const resolved = resolveQuery(query, { model, context });
  if (resolved.kind === 'ok') {
    reasons.push(...missingColumns(resolved.value.columns, model));
  } else if (reasons.length === 0) {
    reasons.push(
      ...resolved.errors.map(
        ({ message, dataverseCode }): UnavailableReason => ({
          reason: 'invalidQuery',
          code: dataverseCode ?? notAvailable,
          message,
        }),
      ),
    );
  }
  if (strictOfflineParity) reasons.push(...beyondParity(root, model));
  return reasons;
}

/** Columns that the column selection of the profile leaves out. */
function missingColumns(
  columns: ReadonlyMap<string, ReadonlySet<string>>,
  model: ModelIndex,
): readonly UnavailableReason[] {
  return [...columns].flatMap(([name, used]) => {
    const table = model.table(name);
    const chosen = model.model.profile.items.find((item) => item.table === name)?.columns;
    if (chosen === undefined || table === undefined) return [];
    const present = new Set([...chosen, ...mandatoryColumns(table)]);
    return [...used]
      .filter((column) => !present.has(column))
      .map(
        (column): UnavailableReason => ({
          reason: 'columnNotOffline',
          code: dataverseErrors.viewNotAvailableOffline,
          message: `Column "${column}" of table "${name}" is not downloaded.`,
          table: name,
          column,
        }),
      );
  });
}

const always = ['eq', 'ne', 'neq', 'null', 'not-null'];
const ordered = ['gt', 'ge', 'lt', 'le'];
const lists = ['in', 'not-in'];
const likes = ['like', 'not-like', 'begins-with', 'not-begin-with', 'ends-with', 'not-end-with'];
const users = ['eq-userid', 'ne-userid'];
const days = [
  ...['on', 'on-or-after', 'on-or-before', 'today', 'tomorrow', 'yesterday'],
  ...['next-seven-days', 'last-seven-days'],
  ...['week', 'month', 'year'].flatMap((unit) =>
    ['next', 'last', 'this'].map((side) => `${side}-${unit}`),
  ),
  ...['days', 'weeks', 'months', 'years'].flatMap((unit) => [`next-x-${unit}`, `last-x-${unit}`]),
];

/** Operators that run offline in the Power Apps mobile app, by column type. (Dataverse: offline view limitations.) */
function offlineOperators(column: Column): readonly string[] {
  if (isText(column)) return [...always, ...likes];
  if (isChoice(column)) return [...always, ...likes, ...lists];
  switch (column.type) {
    case 'bigint':
    case 'decimal':
    case 'double':
    case 'integer':
      return [...always, ...ordered];
    case 'money':
      return [...always, ...ordered, ...lists];
    case 'boolean':
    case 'customer':
      return [...always, ...lists];
    case 'owner':
      return [...always, ...lists, ...users, 'eq-useroruserteams'];
    case 'guid':
    case 'lookup':
      return [...always, ...lists, ...users];
    case 'dateTime':
    case 'dateOnly':
      return [...always, ...ordered, ...days];
    default:
      return isLookup(column) ? [...always, ...lists, ...users] : always;
  }
}

function beyondParity(root: EntityNode, model: ModelIndex): readonly UnavailableReason[] {
  return nodesOf(root).flatMap((node) =>
    ownConditions(node).flatMap((condition): UnavailableReason[] => {
      const { operator } = condition;
      const column = model.column(node.table, condition.column);
      if (condition.valueOf !== null) {
        const message = `Comparing columns is not available offline ("${condition.column}").`;
        return [
          { reason: 'conditionNotOffline', code: '0x80071130', message, column: condition.column },
        ];
      }
      if (column === undefined || !operators.has(operator)) return [];
      if (offlineOperators(column).includes(operator)) return [];
      const message = `Operator "${operator}" on "${column.name}" (${column.type}) is not available offline.`;
      return [
        {
          reason: 'operatorNotOffline',
          code: '0x80071127',
          message,
          column: column.name,
          operator,
        },
      ];
    }),
  );
}

/** Tables of a query: its own, linked ones, and those tested inside filters. */
export function queryTables(node: EntityNode): ReadonlySet<string> {
  return new Set(nodesOf(node).map((one) => one.table));
}
