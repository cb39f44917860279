import {
  type Column,
  type ColumnValue,
  isLookup,
  isLookupValue,
  type LookupValue,
  versionColumn,
} from '@outpost/model';
import type { QueryPlan, QueryRow } from '../sql/compile.ts';
import { type FormatRowOptions, formatRow } from '../views/format-row.ts';

const formattedValue = '@OData.Community.Display.V1.FormattedValue';
const lookupTable = '@Microsoft.Dynamics.CRM.lookuplogicalname';
const navigation = '@Microsoft.Dynamics.CRM.associatednavigationproperty';

export interface WebApiRowOptions extends FormatRowOptions {
  /** Which annotations the caller asks for (`Prefer: odata.include-annotations`). */
  readonly include: (annotation: string) => boolean;
  /** Name of the navigation property of a lookup; default: the column's name. */
  readonly navigationProperty?: (table: string, column: Column, value: LookupValue) => string;
  /** Under which property a value is shown; null: not here. Default: its key. */
  readonly property?: (key: string) => string | null;
  /** Whether empty columns are shown as null. Default: they are left out. */
  readonly nulls?: boolean;
}

/** A row as the Web API shows it: lookups as `_column_value`, multi-select choices as `"1,2"`, with annotations. */
export function webApiRow(
  plan: QueryPlan,
  row: QueryRow,
  options: WebApiRowOptions,
): Readonly<Record<string, unknown>> {
  const { include } = options;
  const formatted = include(formattedValue.slice(1)) ? formatRow(plan, row, options) : {};
  const result: Record<string, unknown> = {};
  for (const { key, column, output, table } of plan.columns) {
    const value = row.values[key] ?? null;
    const property = options.property === undefined ? key : options.property(key);
    if (property === null || (value === null && options.nulls !== true)) continue;
    const own = property === column.name && output.value.kind !== 'aggregate';
    const name = own && isLookup(column) ? `_${property}_value` : property;
    if (value === null) {
      result[name] = null;
      continue;
    }
    const lookup = isLookup(column) && isLookupValue(value);
    result[name] = plainValue(column, value);
    const text = formatted[key];
    if (text !== undefined) result[`${name}${formattedValue}`] = text;
    if (!lookup) continue;
    if (include(lookupTable.slice(1))) result[`${name}${lookupTable}`] = value.table;
    if (include(navigation.slice(1)) && own) {
      const shown = options.navigationProperty?.(table, column, value) ?? column.name;
      result[`${name}${navigation}`] = shown;
    }
  }
  const version = row.values[versionColumn.name];
  if (typeof version === 'number') result['@odata.etag'] = `W/"${version}"`;
  return result;
}

function plainValue(column: Column, value: NonNullable<ColumnValue>): unknown {
  if (isLookupValue(value)) return value.id;
  return column.type === 'choices' && Array.isArray(value) ? value.join(',') : value;
}
