import { type Cell, type ColumnValue, cellsToValue, isLookup, isLookupValue } from '@outpost/model';
import type { Output, ResolvedQuery } from '../plan/resolved-query.ts';
import { joinLabels } from '../predicate/evaluate.ts';
import type { QueryRow } from '../sql/compile.ts';
import type { ImageReader } from './row-images.ts';

/** Rows of other tables that a row shows, as `table/id`. */
export type ShownParents = ReadonlySet<string>;

/** A row as the SQL of its view would give it, from images. */
export function buildRow(
  { root, joins, outputs }: ResolvedQuery,
  id: string,
  reader: ImageReader,
): { readonly row: QueryRow; readonly parents: ShownParents } {
  const parents = new Set<string>();
  for (const { source, on } of joins) {
    const [, to] = on;
    const cell = 'slot' in to ? reader.cell(to.slot, to.source.sql) : null;
    if (typeof cell === 'string') parents.add(`${source.table.name}/${cell}`);
  }
  const values: Record<string, ColumnValue> = {};
  for (const output of outputs) {
    const value = outputValue(output, reader, parents);
    if (value !== null) values[output.key] = value;
  }
  return { row: { table: root.table.name, id, values }, parents };
}

function outputValue(
  { source, column, value }: Output,
  reader: ImageReader,
  parents: Set<string>,
): ColumnValue {
  if (value.kind === 'column') {
    const plain = cellsToValue(column, (slot) => reader.cell(slot, source.sql));
    if (!isLookup(column) || !isLookupValue(plain)) return plain;
    parents.add(`${plain.table}/${plain.id}`);
    const name = reader.nameOf(plain.table, plain.id);
    return name === null || name === plain.name ? plain : { ...plain, name };
  }
  if (value.kind !== 'text') return null;
  const { term } = value;
  if (term.kind === 'targetName') {
    const id = reader.cell(term.column.name, source.sql);
    for (const target of term.column.targets ?? []) parents.add(`${target}/${String(id)}`);
    return id === null ? null : reader.targetName(term.column.name, source.sql);
  }
  if (term.kind !== 'label') return null;
  const labels = new Map((term.column.options ?? []).map((one) => [one.value, one.label]));
  const cell: Cell = reader.cell(term.column.name, source.sql);
  if (term.column.type === 'choices') return joinLabels(cell, (one) => labels.get(one));
  return labels.get(Number(cell ?? Number.NaN)) ?? null;
}
