import type { AppModel, ModelIndex } from '../app-model.ts';
import { type Column, isLookup } from '../column.ts';
import { dataverseErrors } from '../dataverse-error.ts';
import type { Table } from '../table.ts';
import {
  type Command,
  commandMatrix,
  customTableCommands,
  formCommands,
  offlineCommands,
} from './command-matrix.ts';
import {
  offlineLimits,
  tablesWithoutOfflineViews,
  webResourcePlatforms,
} from './offline-limits.ts';

/** What works offline for a table, before anything is set up. */
export interface TableCapabilities {
  readonly table: string;
  readonly commands: readonly Command[];
  /** On the form of a saved row. */
  readonly formCommands: readonly Command[];
  readonly views: boolean;
  /** Text, numbers, lookups and choices; never dates. */
  readonly searchableColumns: readonly string[];
  /** Rows of the table only connect two others and are read-only. */
  readonly readOnlyPairs: boolean;
  /** Notes can be read, added and changed. */
  readonly notes: boolean;
  readonly limits: typeof offlineLimits;
}

export function describeCapabilities(table: Table, model?: AppModel): TableCapabilities {
  const notes = model?.tables.find((one) => one.name === 'annotation');
  const regarded = notes?.columns.find((column) => column.name === 'objectid')?.targets ?? [];
  return {
    table: table.name,
    commands: offlineCommands(table),
    formCommands: formCommands(table),
    views: !tablesWithoutOfflineViews.has(table.name),
    searchableColumns: table.columns
      .filter((column) => !unsearchable.has(column.type))
      .map((column) => column.name),
    readOnlyPairs: table.isIntersect === true,
    notes: regarded.includes(table.name),
    limits: offlineLimits,
  };
}

const unsearchable: ReadonlySet<Column['type']> = new Set([
  'dateTime',
  'dateOnly',
  'image',
  'file',
  'partyList',
  'guid',
]);

/** Why a lookup cannot be used offline; null when it can. Every table it may point at must be on the device. */
export function lookupUnavailable(
  index: ModelIndex,
  column: Column,
  offlineTables: ReadonlySet<string>,
): { readonly code: string; readonly message: string } | null {
  if (!isLookup(column) || (column.targets ?? []).length === 0) return null;
  const targets = (column.targets ?? []).filter((one) => index.table(one) !== undefined);
  const missing = targets.filter((one) => !offlineTables.has(one));
  if (targets.length > 0 && missing.length === 0) return null;
  const message =
    targets.length === 0
      ? `${column.label}: the app has none of the tables it may point at.`
      : `${column.label}: ${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} not on this device.`;
  return { code: dataverseErrors.tableInViewNotOffline, message };
}

/** Whether a subgrid offers Add Existing offline: for rows that point at the form's row, never for pairs. */
export function offersAddExisting(index: ModelIndex, relationship: string): boolean {
  return index.model.relationships.some(
    (one) => one.name === relationship && one.kind === 'manyToOne',
  );
}

/** The capabilities as a document, made from the same data that the device obeys. */
export function capabilitiesDocument(): string {
  const mark = (commands: readonly Command[], one: Command) =>
    commands.includes(one) ? 'yes' : '';
  const basic: readonly Command[] = ['create', 'read', 'update', 'delete'];
  const rows = [
    ...Object.entries(commandMatrix),
    ['any custom table', customTableCommands] as const,
  ];
  const matrix = rows.map(([table, commands]) => {
    const more = commands.filter((one) => !basic.includes(one)).join(', ');
    return `| ${table} | ${basic.map((one) => mark(commands, one)).join(' | ')} | ${more} |`;
  });
  const resources = Object.entries(webResourcePlatforms).map(
    ([use, platforms]) =>
      `| ${use} | ${platforms.length === 0 ? 'nowhere' : platforms.join(', ')} |`,
  );
  return [
    '# What works offline',
    '',
    '## Commands',
    '',
    '| table | create | read | update | delete | more |',
    '| --- | --- | --- | --- | --- | --- |',
    ...matrix,
    '',
    `No views: ${[...tablesWithoutOfflineViews].join(', ')}.`,
    '',
    '## Limits',
    '',
    ...offlineLimits.map(({ area, limit }) => `- ${area}: ${limit}`),
    '',
    '## Web resources',
    '',
    '| use | platforms |',
    '| --- | --- |',
    ...resources,
    '',
  ].join('\n');
}
