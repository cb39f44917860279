import {
  accessScope,
  type Column,
  isPolymorphic,
  type ModelIndex,
  mayUseColumn,
  type SecurityContext,
  type Table,
  tableSlots,
} from '@outpost/model';
import { concat, join, name, type Sql, sql } from '@outpost/query';
import { readPredicate } from './read-predicate.ts';

/** For whom names are read. */
export interface NameReader {
  readonly index: ModelIndex;
  readonly context: SecurityContext;
}

/** Whether the names of a table's rows are kept from a reader: all of them, some, or none. */
export function hiddenNames(
  { index, context }: NameReader,
  table: string,
): 'all' | 'some' | 'none' {
  const definition = index.table(table);
  // Nobody's rows: the name came with the lookup.
  if (definition === undefined || definition.primaryName === null) return 'none';
  const column = index.column(table, definition.primaryName);
  if (column !== undefined && !mayUseColumn(context.columns, 'read', table, column)) return 'all';
  const { kind } = accessScope(context, 'read', table);
  if (kind === 'none') return 'all';
  return kind === 'all' && readPredicate(index, context, table, 'n').text === 'TRUE'
    ? 'none'
    : 'some';
}

/** Cells of a row as its reader gets them, as a select list: lookups have the names of rows that the reader may read. */
export function shownCells(
  reader: NameReader,
  table: Table,
  slots: readonly string[],
  source: string,
): Sql {
  const known = new Map(tableSlots(table).map((slot) => [slot.name, slot]));
  const cells = slots.map((slot): Sql => {
    const found = known.get(slot);
    const cell = sql(`${source}.${name(slot)}`);
    return found?.part === 'name' ? shownName(reader, found.column, source, cell) : cell;
  });
  return join(cells, ', ');
}

function shownName(reader: NameReader, column: Column, source: string, cell: Sql): Sql {
  // A lookup without targets leads anywhere.
  const { targets: own = [] } = column;
  const targets = own.length > 0 ? own : reader.index.model.tables.map((one) => one.name);
  const hidden = targets.filter((one) => hiddenNames(reader, one) !== 'none');
  if (hidden.length === 0) return cell;
  const id = `${source}.${name(column.name)}`;
  const cases = hidden.map((target): Sql => {
    const when = isPolymorphic(column)
      ? `WHEN ${source}.${name(`${column.name}$t`)} = '${target.replaceAll("'", "''")}'`
      : 'WHEN TRUE';
    if (hiddenNames(reader, target) === 'all') return sql(`${when} THEN NULL`);
    const key = name(reader.index.table(target)?.primaryId ?? '');
    return concat(
      `${when} THEN CASE WHEN EXISTS (SELECT 1 FROM ${name(target)} n WHERE n.${key} = ${id} AND `,
      readPredicate(reader.index, reader.context, target, 'n'),
      ') THEN ',
      cell,
      ' END',
    );
  });
  return concat('CASE ', join(cases, ' '), ' ELSE ', cell, ' END');
}
