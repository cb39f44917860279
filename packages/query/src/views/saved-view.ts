import {
  type Column,
  type Diagnostic,
  isLookup,
  type ModelIndex,
  queryTypes,
  type SavedQuery,
} from '@outpost/model';
import type { FetchQuery } from '../fetch-xml/ast.ts';
import { parseFetch } from '../fetch-xml/parse.ts';
import { compileQuery } from '../sql/compile.ts';

/** A column of a view's grid. */
export interface ViewColumn {
  /** Key of its values in the rows of the view. */
  readonly key: string;
  /** Of a linked column with the name of the lookup that leads there, such as `Email (Primary Contact)`. */
  readonly label: string;
  /** Pixels. */
  readonly width: number;
  readonly table: string;
  readonly column: Column;
}

/** A system view with its query and grid. */
export interface SavedView {
  readonly view: SavedQuery;
  readonly query: FetchQuery;
  readonly columns: readonly ViewColumn[];
  /** Layout cells that the query returns nothing for; they are left out. */
  readonly diagnostics: readonly Diagnostic[];
}

const defaultWidth = 100;

/** Reads a view's layout against its query. Null: the query does not compile; `availability` says why. */
export function readView(
  view: SavedQuery,
  model: ModelIndex,
  context: Parameters<typeof compileQuery>[1]['context'],
): SavedView | null {
  const parsed = parseFetch(view.fetchXml);
  if (parsed.kind === 'invalid') return null;
  const plan = compileQuery(parsed.value, { model, context });
  if (plan.kind === 'invalid') return null;
  const diagnostics: Diagnostic[] = [];
  const byKey = new Map(plan.value.columns.map((one) => [one.key, one]));
  // A view without a layout shows the first columns of its query.
  const layout =
    view.layout.length > 0
      ? view.layout
      : plan.value.columns.slice(0, 3).map(({ key }) => ({ name: key, width: 150 }));
  const columns = layout.flatMap(({ name, width }): ViewColumn[] => {
    const found = byKey.get(name);
    if (found === undefined) {
      const message = `The query of view "${view.name}" returns nothing for column "${name}".`;
      const location = `${view.table}/${view.id}/${name}`;
      diagnostics.push({ severity: 'warning', code: 'view.columnLeftOut', message, location });
      return [];
    }
    const { key, table, column, output } = found;
    const join = plan.value.resolved.joins.find((one) => one.source.sql === output.source.sql);
    const to = join?.on[1];
    const via = to?.kind === 'cell' ? model.column(to.source.table.name, to.slot) : undefined;
    const linked =
      join === undefined
        ? null
        : via !== undefined && isLookup(via)
          ? via.label
          : join.source.table.label;
    const label = linked === null ? column.label : `${column.label} (${linked})`;
    return [{ key, label, width: width > 0 ? width : defaultWidth, table, column }];
  });
  return { view, query: parsed.value, columns, diagnostics };
}

/** Of a table: the view of a kind, the default one first. */
export function viewOf(
  model: ModelIndex,
  table: string,
  kind: keyof typeof queryTypes,
): SavedQuery | undefined {
  const views = model.savedQueries(table).filter((one) => one.queryType === queryTypes[kind]);
  return views.find((one) => one.isDefault) ?? views[0];
}
