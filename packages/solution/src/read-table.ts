import {
  type ChoiceOption,
  type Column,
  type ColumnType,
  type Diagnostic,
  type ManyToOne,
  type RequirementLevel,
  type Table,
  versionColumn,
} from '@outpost/model';
import {
  childNamed,
  childrenNamed,
  descendants,
  labelIn,
  textOf,
  type XmlNode,
} from './xml/xml-tree.ts';

const columnTypes: Readonly<Record<string, ColumnType>> = {
  nvarchar: 'string',
  ntext: 'memo',
  int: 'integer',
  bigint: 'bigint',
  decimal: 'decimal',
  float: 'double',
  money: 'money',
  bit: 'boolean',
  picklist: 'choice',
  multiselectpicklist: 'choices',
  state: 'state',
  status: 'status',
  datetime: 'dateTime',
  lookup: 'lookup',
  customer: 'customer',
  owner: 'owner',
  partylist: 'partyList',
  primarykey: 'guid',
  uniqueidentifier: 'guid',
  image: 'image',
  file: 'file',
};
const requirementLevels: Readonly<Record<string, RequirementLevel>> = {
  none: 'none',
  recommended: 'recommended',
  required: 'required',
  systemrequired: 'system',
};
/** `Behavior` of a date column that holds dates without time. */
const dateOnlyBehavior = '2';

export interface ReadContext {
  readonly language: string;
  readonly globalOptions: ReadonlyMap<string, readonly ChoiceOption[]>;
  readonly relationships: readonly ManyToOne[];
  report(severity: Diagnostic['severity'], code: string, message: string, location: string): void;
}

/** Logical name of an entity element. */
export function entityName(entity: XmlNode): string {
  const inner = childNamed(childNamed(entity, 'EntityInfo'), 'entity');
  return (inner?.attributes['Name'] ?? textOf(entity, 'Name')).toLowerCase();
}

export function readTable(entity: XmlNode, context: ReadContext): Table {
  const name = entityName(entity);
  const inner = childNamed(childNamed(entity, 'EntityInfo'), 'entity');
  const attributes = childrenNamed(childNamed(inner, 'attributes'), 'attribute');
  const columns = attributes.flatMap((attribute) => readColumn(name, attribute, context));
  const isActivity = textOf(inner, 'IsActivity') === '1' || textOf(inner, 'IsActivity') === 'True';
  const keyType = attributes.find((one) => textOf(one, 'Type') === 'primarykey');
  const primaryId =
    keyType === undefined
      ? isActivity || activityTables.has(name)
        ? 'activityid'
        : `${name}id`
      : logicalName(keyType);
  const nameColumn = attributes.find((one) => textOf(one, 'DisplayMask').includes('PrimaryName'));
  const ownership = ownershipOf(textOf(inner, 'OwnershipTypeMask'));
  const label = labelIn(childNamed(inner, 'LocalizedNames'), context.language);
  const plural = labelIn(childNamed(inner, 'LocalizedCollectionNames'), context.language);
  const localized = childNamed(entity, 'Name')?.attributes['LocalizedName'];
  return {
    name,
    label: label ?? localized ?? name,
    pluralLabel: plural ?? label ?? localized ?? name,
    setName: textOf(inner, 'EntitySetName') || `${name}s`,
    primaryId,
    primaryName: nameColumn === undefined ? null : logicalName(nameColumn),
    ownership,
    columns: withPlatformColumns(withKey(columns, primaryId), ownership),
    availableOffline: textOf(inner, 'IsOfflineInMobileClient') === '1',
    changeTracking: textOf(inner, 'ChangeTrackingEnabled') !== '0',
    ...(isActivity ? { isActivity } : {}),
    ...(name.includes('_') ? { isCustom: true } : {}),
  };
}

const activityTables: ReadonlySet<string> = new Set([
  'task',
  'appointment',
  'phonecall',
  'email',
  'letter',
  'fax',
  'activitypointer',
]);

/** Adds the primary key where the solution does not list it. */
export function withKey(columns: readonly Column[], primaryId: string): readonly Column[] {
  if (columns.some((column) => column.name === primaryId)) return columns;
  return [
    { name: primaryId, label: 'Id', type: 'guid', required: 'system', readOnly: true },
    ...columns,
  ];
}

/**
 * Adds what every table of Dataverse has and a solution lists only for tables it holds whole: dates and users of
 * creation and change, and the owner of user-owned tables.
 */
function withPlatformColumns(
  columns: readonly Column[],
  ownership: Table['ownership'],
): readonly Column[] {
  const user = {
    type: 'lookup',
    targets: ['systemuser'],
    required: 'none',
    readOnly: true,
  } as const;
  const date = { type: 'dateTime', required: 'none', readOnly: true } as const;
  const platform: readonly Column[] = [
    { name: 'createdon', label: 'Created On', ...date },
    { name: 'createdby', label: 'Created By', ...user },
    { name: 'modifiedon', label: 'Modified On', ...date },
    { name: 'modifiedby', label: 'Modified By', ...user },
  ];
  const owner: readonly Column[] = [
    {
      name: 'ownerid',
      label: 'Owner',
      type: 'owner',
      targets: ['systemuser', 'team'],
      required: 'system',
    },
    {
      ...user,
      name: 'owningbusinessunit',
      label: 'Owning Business Unit',
      targets: ['businessunit'],
    },
  ];
  const names = new Set(columns.map((column) => column.name));
  const all = ownership === 'user' ? [...platform, ...owner] : platform;
  return [...columns, ...all.filter((column) => !names.has(column.name))];
}

function ownershipOf(mask: string): Table['ownership'] {
  switch (mask) {
    case 'UserOwned':
      return 'user';
    case 'OrgOwned':
      return 'organization';
    case 'BusinessOwned':
      return 'business';
    default:
      return 'none';
  }
}

function logicalName(attribute: XmlNode): string {
  return textOf(attribute, 'LogicalName') || textOf(attribute, 'Name').toLowerCase();
}

function readColumn(table: string, attribute: XmlNode, context: ReadContext): readonly Column[] {
  const name = logicalName(attribute);
  const location = `customizations.xml/Entities/${table}/attributes/${name}`;
  const typeName = textOf(attribute, 'Type');
  const known = columnTypes[typeName];
  if (known === undefined) {
    context.report(
      'warning',
      'solution.unknownColumnType',
      `Column type "${typeName}" is not known; the column is left out.`,
      location,
    );
    return [];
  }
  if (name === versionColumn.name) return [];
  const type =
    known === 'dateTime' && textOf(attribute, 'Behavior') === dateOnlyBehavior ? 'dateOnly' : known;
  const options = readOptions(attribute, context, location);
  const targets = lookupTargets(table, name, type, attribute, context.relationships);
  const number = (element: string) =>
    textOf(attribute, element) === '' ? null : Number(textOf(attribute, element));
  const maxLength = number('MaxLength');
  const min = number('MinValue');
  const max = number('MaxValue');
  const precision = number('Accuracy');
  const writable =
    textOf(attribute, 'ValidForCreateApi') === '1' ||
    textOf(attribute, 'ValidForUpdateApi') === '1';
  const calculated =
    textOf(attribute, 'SourceType') === '1' || textOf(attribute, 'SourceType') === '2';
  return [
    {
      name,
      label: labelIn(childNamed(attribute, 'displaynames'), context.language) ?? name,
      type,
      required: requirementLevels[textOf(attribute, 'RequiredLevel')] ?? 'none',
      ...(maxLength === null ? {} : { maxLength }),
      ...(min === null || Number.isNaN(min) ? {} : { min }),
      ...(max === null || Number.isNaN(max) ? {} : { max }),
      ...(precision === null ? {} : { precision }),
      ...(options === null ? {} : { options }),
      ...(targets === null ? {} : { targets }),
      ...(writable && !calculated ? {} : { readOnly: true }),
    },
  ];
}

function lookupTargets(
  table: string,
  column: string,
  type: ColumnType,
  attribute: XmlNode,
  relationships: readonly ManyToOne[],
): readonly string[] | null {
  if (type === 'owner') return ['systemuser', 'team'];
  if (type === 'customer') return ['account', 'contact'];
  if (type !== 'lookup') return null;
  const found = relationships.filter((one) => one.table === table && one.column === column);
  const named = descendants(attribute, 'LookupType').length;
  const targets = [...new Set(found.map((one) => one.target))];
  return named > targets.length && targets.length < 2 ? [] : targets;
}

function readOptions(
  attribute: XmlNode,
  context: ReadContext,
  location: string,
): readonly ChoiceOption[] | null {
  const local = childNamed(attribute, 'optionset');
  if (local !== undefined) return readOptionSet(local, context.language);
  const shared = textOf(attribute, 'OptionSetName');
  if (shared === '') return null;
  const options = context.globalOptions.get(shared);
  if (options === undefined) {
    const message = `Choice "${shared}" is not part of the solution; its labels are not known.`;
    context.report('warning', 'solution.missingChoice', message, location);
  }
  return options ?? null;
}

export function readOptionSet(optionSet: XmlNode, language: string): readonly ChoiceOption[] {
  const elements = ['option', 'state', 'status'].flatMap((name) => descendants(optionSet, name));
  return elements.flatMap((element): ChoiceOption[] => {
    const value = Number(element.attributes['value']);
    if (!Number.isSafeInteger(value)) return [];
    const label = labelIn(childNamed(element, 'labels'), language) ?? String(value);
    const state = element.attributes['state'];
    const defaultStatus = element.attributes['defaultstatus'];
    return [
      {
        value,
        label,
        ...(state === undefined ? {} : { state: Number(state) }),
        ...(defaultStatus === undefined ? {} : { defaultStatus: Number(defaultStatus) }),
      },
    ];
  });
}
