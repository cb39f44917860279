/** What a column holds, in the form applications work with. Absent is null. */
export type ColumnValue =
  | string
  | number
  | boolean
  | readonly number[]
  | LookupValue
  | readonly LookupValue[]
  | null;

export interface LookupValue {
  readonly table: string;
  readonly id: string;
  /** Primary name of the target, as last known. */
  readonly name?: string;
}

/** Values by column name. */
export type RowValues = Readonly<Record<string, ColumnValue>>;

export function isLookupValue(value: unknown): value is LookupValue {
  return typeof value === 'object' && value !== null && 'id' in value && 'table' in value;
}

/** Whether a value is a list of parties. */
export function isPartyList(value: ColumnValue): value is readonly LookupValue[] {
  return Array.isArray(value) && value.every(isLookupValue);
}

/** Typed equality: lookups by table and id, choices and parties as sets, everything else by value. */
export function equalValues(a: ColumnValue, b: ColumnValue): boolean {
  if (isLookupValue(a) && isLookupValue(b)) return a.id === b.id && a.table === b.table;
  if (Array.isArray(a) && Array.isArray(b)) {
    return (
      a.length === b.length &&
      a.every((one) => b.some((other) => equalValues(one as ColumnValue, other as ColumnValue)))
    );
  }
  return a === b;
}
