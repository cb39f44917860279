import type { ChoiceOption, Column, RequirementLevel } from './column.ts';
import type { Ownership } from './table.ts';
import type { TableOf } from './typed-row.ts';

/** A column without what can be derived: its name comes from the key, its label from the name. */
export interface ColumnDefinition extends Omit<Column, 'name' | 'label' | 'required'> {
  readonly label?: string;
  readonly required?: RequirementLevel;
}

export interface TableDefinition {
  readonly name: string;
  readonly label: string;
  readonly pluralLabel?: string;
  readonly setName?: string;
  readonly primaryId?: string;
  readonly primaryName: string | null;
  readonly ownership: Ownership;
  readonly columns: Readonly<Record<string, ColumnDefinition>>;
  readonly isActivity?: boolean;
  readonly isIntersect?: boolean;
  readonly isCustom?: boolean;
  readonly availableOffline?: boolean;
}

const active: readonly ChoiceOption[] = [
  { value: 0, label: 'Active', defaultStatus: 1 },
  { value: 1, label: 'Inactive', defaultStatus: 2 },
];
const activeReasons: readonly ChoiceOption[] = [
  { value: 1, label: 'Active', state: 0 },
  { value: 2, label: 'Inactive', state: 1 },
];

/**
 * Makes a table: adds the primary key and the columns every table has (creation and change dates and users, owner and
 * business unit by ownership, state and status), and fills in defaults.
 */
export function defineTable<const D extends TableDefinition>(definition: D): TableOf<D> {
  const primaryId = definition.primaryId ?? `${definition.name}id`;
  const standard: Record<string, ColumnDefinition> = {
    [primaryId]: { type: 'guid', required: 'system', readOnly: true, label: definition.label },
  };
  const trailing: Record<string, ColumnDefinition> = {
    createdon: { type: 'dateTime', label: 'Created On', readOnly: true },
    modifiedon: { type: 'dateTime', label: 'Modified On', readOnly: true },
  };
  if (!definition.isIntersect) {
    Object.assign(trailing, {
      createdby: { type: 'lookup', label: 'Created By', targets: ['systemuser'], readOnly: true },
      modifiedby: { type: 'lookup', label: 'Modified By', targets: ['systemuser'], readOnly: true },
      statecode: { type: 'state', label: 'Status', options: active, default: 0 },
      statuscode: { type: 'status', label: 'Status Reason', options: activeReasons, default: 1 },
    } satisfies Record<string, ColumnDefinition>);
  }
  if (definition.ownership === 'user') {
    trailing['ownerid'] = {
      type: 'owner',
      label: 'Owner',
      targets: ['systemuser', 'team'],
      required: 'system',
    };
    trailing['owningbusinessunit'] = {
      type: 'lookup',
      label: 'Owning Business Unit',
      targets: ['businessunit'],
      readOnly: true,
    };
  }
  const columns = { ...standard, ...definition.columns };
  for (const [name, column] of Object.entries(trailing)) columns[name] ??= column;
  return {
    name: definition.name,
    label: definition.label,
    pluralLabel: definition.pluralLabel ?? `${definition.label}s`,
    setName: definition.setName ?? `${definition.name}s`,
    primaryId,
    primaryName: definition.primaryName,
    ownership: definition.ownership,
    availableOffline: definition.availableOffline ?? true,
    changeTracking: true,
    ...(definition.isActivity ? { isActivity: true } : {}),
    ...(definition.isIntersect ? { isIntersect: true } : {}),
    ...(definition.isCustom ? { isCustom: true } : {}),
    columns: Object.entries(columns).map(([name, column]) => defineColumn(name, column)),
  };
}

/** A complete column from its definition. */
export function defineColumn(name: string, definition: ColumnDefinition): Column {
  return {
    ...definition,
    name,
    label: definition.label ?? name,
    required: definition.required ?? 'none',
  };
}
