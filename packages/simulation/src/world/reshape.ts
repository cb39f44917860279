import type { AppModel, Column, Form } from '@outpost/model';
import { pick } from './action-context.ts';
import { baseName, columnOf } from './column-names.ts';
import type { ServerAction } from './decision.ts';
import type { Place } from './places.ts';

type Reshape = Extract<ServerAction, { readonly do: 'reshape' }>;

/** Long enough for no token. */
const short = 5;

/** The app with one column of a table changed, as an administrator would; null: it cannot be. */
export function reshaped(model: AppModel, place: Place, action: Reshape): AppModel | null {
  const { name: table } = place.table;
  const bases = [...place.columns, ...place.typed.map((one) => one.name)];
  const column = columnOf(model, table, pick(bases, action.column) ?? '');
  if (column === undefined) return null;
  const next = changed(column, action.change);
  if (next === column) return null;
  // Views and rules that name the column would have to be changed with it.
  const isGone = next === null || next.name !== column.name;
  if (isGone && isNamed(model, table, column.name)) return null;
  return {
    ...model,
    tables: model.tables.map((one) =>
      one.name === table
        ? {
            ...one,
            columns: one.columns.flatMap((own) => {
              if (own.name !== column.name) return [own];
              return next === null ? [] : [next];
            }),
          }
        : one,
    ),
    forms: model.forms.map((form) =>
      form.table === table ? withControl(form, column.name, next?.name ?? null) : form,
    ),
  };
}

/** The column afterwards; null: it is removed; the same: there is nothing to change. */
function changed(column: Column, change: Reshape['change']): Column | null {
  switch (change) {
    case 'rename': {
      const former = column.renamedFrom ?? [];
      const names = [column.name, ...(typeof former === 'string' ? [former] : former)];
      return {
        ...column,
        name: `${baseName(column.name)}_r${names.length}`,
        renamedFrom: names,
      };
    }
    case 'lock':
      return { ...column, readOnly: true };
    case 'unlock':
      return { ...column, readOnly: false };
    case 'widen':
      if (column.type === 'string') return { ...column, type: 'memo', maxLength: 4000 };
      return column.type === 'integer' ? { ...column, type: 'decimal' } : column;
    case 'shorten':
      return column.maxLength === undefined ? column : { ...column, maxLength: short };
    case 'remove':
      return null;
    default:
      return change satisfies never;
  }
}

function isNamed(model: AppModel, table: string, column: string): boolean {
  const views = model.savedQueries.filter((one) => one.table === table);
  const others = [views, model.rules, model.flows, model.relationships, model.profile.items];
  return new RegExp(`\\b${column}\\b`).test(JSON.stringify(others));
}

function withControl(form: Form, from: string, to: string | null): Form {
  return {
    ...form,
    tabs: form.tabs.map((tab) => ({
      ...tab,
      sections: tab.sections.map((section) => ({
        ...section,
        controls: section.controls.flatMap((control) => {
          if (control.column !== from) return [control];
          return to === null ? [] : [{ ...control, column: to }];
        }),
      })),
    })),
  };
}
