import {
  type ChoiceOption,
  type Column,
  type ColumnType,
  type Diagnostic,
  isLogicalName,
  type ManyToOne,
  type RequirementLevel,
  type Table,
  versionColumn,
} from '@outpost/model';
import { readOptionSet } from './read-choices.ts';
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
/** `Behavior` of a date column: 1 (or absent) is the user's local time, 2 a date, 3 the same clock everywhere. */
const behaviors = { dateOnly: '2', timeZoneIndependent: '3' } as const;
const formats: Readonly<Record<string, Column['format']>> = {
  email: 'email',
  phone: 'phone',
  url: 'url',
  textarea: 'textArea',
};
const precisionSources: Readonly<Record<string, Column['precisionSource']>> = {
  '0': 'column',
  '1': 'organization',
  '2': 'currency',
};

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
    ...readKeys(inner),
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

function readKeys(entity: XmlNode | undefined): Pick<Table, 'alternateKeys'> {
  const keys = childrenNamed(childNamed(entity, 'EntityKeys'), 'EntityKey');
  if (keys.length === 0) return {};
  const alternateKeys = keys.map((key) => ({
    name: logicalName(key),
    columns: descendants(key, 'AttributeName').map((one) => one.text.toLowerCase()),
  }));
  return { alternateKeys };
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
  if (!isLogicalName(name)) {
    const message = `"${name}" cannot be the name of a column; the column is left out.`;
    context.report('warning', 'solution.invalidName', message, location);
    return [];
  }
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
    known === 'dateTime' && textOf(attribute, 'Behavior') === behaviors.dateOnly
      ? 'dateOnly'
      : known;
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
  const precisionSource = precisionSources[textOf(attribute, 'PrecisionSource')];
  const preset = defaultOf(type, textOf(attribute, 'AppDefaultValue'), options ?? []);
  const autoNumberFormat = type === 'string' ? textOf(attribute, 'AutoNumberFormat') : '';
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
      ...(type === 'money' && precisionSource !== undefined ? { precisionSource } : {}),
      ...formatOf(type, attribute),
      ...(options === null ? {} : { options }),
      ...(targets === null ? {} : { targets }),
      ...(writable && !calculated ? {} : { readOnly: true }),
      ...(textOf(attribute, 'IsSecured') === '1' ? { secured: true } : {}),
      ...(autoNumberFormat === '' ? {} : { autoNumberFormat }),
      ...(preset === null ? {} : { default: preset }),
    },
  ];
}

function formatOf(type: ColumnType, attribute: XmlNode): Pick<Column, 'format' | 'behavior'> {
  const format = textOf(attribute, 'Format').toLowerCase();
  if (type !== 'dateTime') {
    const known = type === 'string' ? formats[format] : undefined;
    return known === undefined ? {} : { format: known };
  }
  const everywhere = textOf(attribute, 'Behavior') === behaviors.timeZoneIndependent;
  return {
    ...(format === 'date' ? { format } : {}),
    ...(everywhere ? { behavior: 'timeZoneIndependent' } : {}),
  };
}

/** The value of a new row: as the column says, and for state and status those of an active row. */
function defaultOf(
  type: ColumnType,
  text: string,
  options: readonly ChoiceOption[],
): number | boolean | null {
  switch (type) {
    case 'boolean':
      return text === '1' ? true : text === '0' ? false : null;
    case 'choice': {
      const value = Number(text);
      return text !== '' && options.some((one) => one.value === value) ? value : null;
    }
    case 'state':
      return options.some((one) => one.value === 0) ? 0 : null;
    case 'status':
      return options.find((one) => one.state === 0)?.value ?? null;
    default:
      return null;
  }
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
