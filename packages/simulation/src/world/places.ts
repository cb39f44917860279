import {
  type AppModel,
  type Column,
  isDocumentColumn,
  isLookup,
  isText,
  offlineCommands,
  syncErrorTable,
  type Table,
} from '@outpost/model';
import type { WatchedColumns } from './watched-store.ts';

/** A table whose rows devices edit in a run. */
export interface Place {
  readonly table: Table;
  /** Text columns that tokens are written to: users may, and no rule does. */
  readonly columns: readonly string[];
  /** Columns of other types that users may set, at most one of each. */
  readonly typed: readonly Column[];
  /** Columns that a new row needs, besides those of tokens. */
  readonly required: readonly Column[];
}

/** Longest token: `tok-`, digits, and a tail of odd characters. */
const tokenLength = 20;

/** Types of columns besides text, each with values of its own kind. */
const kinds: readonly ((column: Column) => boolean)[] = [
  ({ type }) => type === 'choice',
  ({ type }) => type === 'money',
  ({ type }) => type === 'integer' || type === 'decimal' || type === 'double',
  ({ type }) => type === 'boolean',
  ({ type }) => type === 'dateTime' || type === 'dateOnly',
  (column) => isLookup(column) && column.type !== 'owner',
];

/** Tables of the profile that can be edited offline, and where tokens fit. */
export function placesOf(model: AppModel): readonly Place[] {
  const planned = new Set(model.profile.items.map((item) => item.table));
  const byRules = new Set(
    model.rules.map((rule) => rule.table).filter((table) => planned.has(table)),
  );
  return model.tables.flatMap((table): Place[] => {
    if (!planned.has(table.name) || table.name === syncErrorTable.name) return [];
    if (table.isIntersect === true || table.ownership !== 'user') return [];
    if (model.flows.some((flow) => flow.instanceTable === table.name)) return [];
    const commands = offlineCommands(table);
    if (!['create', 'update', 'delete'].every((one) => commands.some((own) => own === one)))
      return [];
    const ruled = byRules.has(table.name) ? JSON.stringify(model.rules) : '';
    const free = table.columns.filter(
      (column) =>
        !isDocumentColumn(column) &&
        column.readOnly !== true &&
        column.secured !== true &&
        column.name !== table.primaryName &&
        !ruled.includes(`"${column.name}"`) &&
        !isComposed(table, column.name),
    );
    const columns = free
      .filter(
        (column) =>
          isText(column) &&
          (column.format ?? 'text') !== 'email' &&
          column.format !== 'url' &&
          (column.maxLength ?? 0) >= tokenLength,
      )
      .slice(0, 3)
      .map((column) => column.name);
    const required = table.columns.filter(
      (column) =>
        (column.required === 'system' || column.required === 'required') &&
        column.readOnly !== true &&
        column.name !== table.primaryId &&
        column.default === undefined &&
        column.type !== 'owner',
    );
    const typed = kinds.flatMap((isOfKind) => {
      const found = free.find((column) => isOfKind(column) && !required.includes(column));
      return found === undefined ? [] : [found];
    });
    return columns.length === 0 ? [] : [{ table, columns, typed, required }];
  });
}

export function watchedColumns(places: readonly Place[]): WatchedColumns {
  return new Map(
    places.map(({ table, columns, typed }) => {
      const watched = [...columns, ...typed.map((column) => column.name)];
      return [table.name, { primaryId: table.primaryId, columns: watched }];
    }),
  );
}

function isComposed(table: Table, column: string): boolean {
  return table.columns.some((one) => one.composedOf?.includes(column) === true);
}
