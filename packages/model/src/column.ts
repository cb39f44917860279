/** Columns of a table, as Dataverse describes them. */

export type ColumnType =
  | 'string'
  | 'memo'
  | 'integer'
  | 'bigint'
  | 'decimal'
  | 'double'
  | 'money'
  | 'boolean'
  | 'choice'
  | 'choices'
  | 'state'
  | 'status'
  | 'dateTime'
  | 'dateOnly'
  | 'lookup'
  | 'customer'
  | 'owner'
  | 'partyList'
  | 'guid'
  | 'image'
  | 'file';

export type RequirementLevel = 'none' | 'recommended' | 'required' | 'system';

export interface ChoiceOption {
  readonly value: number;
  readonly label: string;
  /** Of a status option: the state it belongs to. */
  readonly state?: number;
  /** Of a state option: the status a row gets when it enters the state. */
  readonly defaultStatus?: number;
}

export interface Column {
  /** Logical name. */
  readonly name: string;
  readonly label: string;
  readonly type: ColumnType;
  readonly required: RequirementLevel;
  /** Characters; text only. */
  readonly maxLength?: number;
  readonly min?: number;
  readonly max?: number;
  /** Digits after the point; decimal, double, money. */
  readonly precision?: number;
  /** Text: what it holds. Date and time: `date` shows the day only. */
  readonly format?: 'text' | 'email' | 'phone' | 'url' | 'textArea' | 'date';
  /**
   * Of dateTime: `userLocal` (default) is an instant, shown in the time zone of the user; `timeZoneIndependent` is a
   * clock time, the same everywhere.
   */
  readonly behavior?: 'userLocal' | 'timeZoneIndependent';
  /** Of money: whose number of decimals counts. Default `column`. */
  readonly precisionSource?: 'column' | 'organization' | 'currency';
  /** Of choice, choices, state, status; of boolean the two labels (0 and 1). */
  readonly options?: readonly ChoiceOption[];
  /** Tables a lookup may point at. Several: the target's table is stored with the id. */
  readonly targets?: readonly string[];
  /** Written by the platform only (creation date, computed names, calculated and rollup columns). */
  readonly readOnly?: boolean;
  /**
   * Column security: only members of a field security profile that grants it may read, set or change the column; to
   * everybody else it is empty, and its values never reach their devices.
   */
  readonly secured?: boolean;
  /** Text columns whose values, joined by blanks, make this one (full names). */
  readonly composedOf?: readonly string[];
  /** Of text: the organization makes the value of a new row that gives none, e.g. `VIS-{SEQNUM:6}`. */
  readonly autoNumberFormat?: string;
  /**
   * Former logical names, the newest first: values that are stored under one of them, and edits that wait, become values
   * and edits of this column. A name that was given up is never used again for another column of the table.
   */
  readonly renamedFrom?: string | readonly string[];
  /** Value of a new row that does not set the column. */
  readonly default?: string | number | boolean;
}

/** Limits of numbers where a column sets none. (Dataverse: column data types.) */
export const numberRanges: Readonly<Partial<Record<ColumnType, readonly [number, number]>>> = {
  integer: [-2_147_483_648, 2_147_483_647],
  bigint: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  decimal: [-100_000_000_000, 100_000_000_000],
  double: [-100_000_000_000, 100_000_000_000],
  money: [-922_337_203_685_477, 922_337_203_685_477],
};

/** Decimals a column keeps. */
export function precisionOf(column: Column): number {
  const preset = column.type === 'money' ? 4 : column.type === 'double' ? 5 : 10;
  return column.precision ?? preset;
}

const lookupTypes: ReadonlySet<ColumnType> = new Set(['lookup', 'customer', 'owner']);
const textTypes: ReadonlySet<ColumnType> = new Set(['string', 'memo']);
const choiceTypes: ReadonlySet<ColumnType> = new Set(['choice', 'state', 'status']);

export function isLookup(column: Column): boolean {
  return lookupTypes.has(column.type);
}

/** True when the target's table must be stored beside the id. */
export function isPolymorphic(column: Column): boolean {
  return isLookup(column) && column.targets?.length !== 1;
}

export function isText(column: Column): boolean {
  return textTypes.has(column.type);
}

/** True for columns with one option as value: choice, state, status. */
export function isChoice(column: Column): boolean {
  return choiceTypes.has(column.type);
}
