import type {
  ChoiceOption,
  Column,
  ColumnType,
  ModelIndex,
  Relationship,
  Table,
} from '@outpost/model';
import type { ServerResponse } from '../http/message.ts';
import { type AddressArguments, type AddressSegment, badAddress } from './address.ts';
import { context, json } from './answers.ts';
import type { Scope } from './call.ts';
import { definitionId } from './definition-id.ts';
import { notFound, notSupported } from './errors.ts';

/** Definitions as the Web API describes them. */
type Definition = Readonly<Record<string, unknown>>;
type Options = Readonly<Record<string, string>>;

const namespace = 'Microsoft.Dynamics.CRM.';

/** Sets of definitions, by the name they have in addresses. */
export const metadataSets: ReadonlySet<string> = new Set([
  'EntityDefinitions',
  'RelationshipDefinitions',
  'GlobalOptionSetDefinitions',
]);

/** `GET EntityDefinitions(...)/Attributes/...` and the like. */
export async function readMetadata(
  { env, request }: Scope,
  segments: readonly AddressSegment[],
  options: Options,
): Promise<ServerResponse> {
  const [first, ...path] = segments;
  let found: Definition | readonly Definition[] = setOf(env.index, first?.name ?? '');
  if (first !== undefined && first.args.kind !== 'none') found = oneOf(found, first.args);
  for (const { name, args } of path) {
    if (name.startsWith(namespace)) {
      // A cast: only definitions of that type have its properties.
      const type = `#${name}`;
      if (Array.isArray(found)) {
        found = (found as readonly Definition[]).filter((one) => one['@odata.type'] === type);
      }
      continue;
    }
    const inner: unknown = (found as Definition)[name];
    if (inner === undefined) throw notFound(`Resource not found for the segment '${name}'.`);
    found = inner as Definition | readonly Definition[];
    if (args.kind !== 'none') found = oneOf(found, args);
  }
  const place = segments.map((one) => one.name).join('/');
  if (!Array.isArray(found)) {
    const shown = show(found as Definition, options);
    return json({ '@odata.context': context(request.root, `${place}/$entity`), ...shown });
  }
  const filter = options['$filter'];
  const test = filter === undefined ? () => true : filterOf(filter);
  const rows = (found as readonly Definition[]).filter(test);
  const value = rows.map((one) => show(one, options));
  return json({ '@odata.context': context(request.root, place), value });
}

function setOf(index: ModelIndex, name: string): readonly Definition[] {
  const { tables, relationships } = index.model;
  switch (name) {
    case 'EntityDefinitions':
      return tables.map((table) => entity(index, table));
    case 'RelationshipDefinitions':
      return relationships.map((one) => relationship(index, one));
    case 'GlobalOptionSetDefinitions':
      return [];
    default:
      throw notFound(`Resource not found for the segment '${name}'.`);
  }
}

function oneOf(found: unknown, args: AddressArguments): Definition {
  const [key, value] =
    args.kind === 'id'
      ? ['MetadataId', args.id]
      : args.kind === 'named'
        ? ([...args.values].map(([name, one]) => [name, one.text])[0] ?? ['', ''])
        : ['', ''];
  const one = (Array.isArray(found) ? (found as readonly Definition[]) : []).find(
    (each) => each[key ?? ''] === value,
  );
  if (one === undefined) throw notFound(`There is no definition with ${key} '${value}'.`);
  return one;
}

/** Nested sets are shown where they are expanded only. */
const nested: ReadonlySet<string> = new Set([
  'Attributes',
  'Keys',
  'ManyToOneRelationships',
  'OneToManyRelationships',
  'ManyToManyRelationships',
  'OptionSet',
  'GlobalOptionSet',
]);

function show(one: Definition, { $select, $expand }: Options): Definition {
  const wanted = $select?.split(',').map((name) => name.trim());
  const shown: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(one)) {
    if (nested.has(name)) continue;
    if (
      wanted === undefined ||
      wanted.includes(name) ||
      name.startsWith('@') ||
      name === 'MetadataId'
    )
      shown[name] = value;
  }
  for (const item of $expand === undefined ? [] : splitItems($expand)) {
    const match = /^(\w+)\s*(?:\((.*)\))?$/s.exec(item.trim());
    const [, name = '', inside = ''] = match ?? [];
    if (match === null || !nested.has(name))
      throw badAddress(`"${item.trim()}" cannot be expanded.`);
    const options: Record<string, string> = {};
    for (const part of inside.split(';').filter((text) => text.trim() !== '')) {
      const at = part.indexOf('=');
      options[part.slice(0, at).trim()] = part.slice(at + 1).trim();
    }
    const value = one[name];
    shown[name] = Array.isArray(value)
      ? (value as readonly Definition[])
          .filter(options['$filter'] === undefined ? () => true : filterOf(options['$filter']))
          .map((each) => show(each, options))
      : value === undefined || value === null
        ? null
        : show(value as Definition, options);
  }
  return shown;
}

function splitItems(text: string): readonly string[] {
  const items: string[] = [''];
  let depth = 0;
  for (const character of text) {
    if (character === '(') depth += 1;
    if (character === ')') depth -= 1;
    if (character === ',' && depth === 0) items.push('');
    else items[items.length - 1] += character;
  }
  return items;
}

function withoutParentheses(term: string): string {
  let bare = term.replace(/^[\s(]+/, '').trimEnd();
  while (bare.endsWith(')')) bare = bare.slice(0, -1).trimEnd();
  return bare;
}

/** Comparisons with `eq` and `ne`, joined by `and` and `or`: what clients ask definitions for. */
function filterOf(text: string): (one: Definition) => boolean {
  const alternatives = text.split(/\sor\s/).map((all) =>
    all.split(/\sand\s/).map((term) => {
      const match = /^([\w/]+)\s+(eq|ne)\s+(?:[\w.]*'((?:[^']|'')*)'|([\w-]+))$/.exec(
        withoutParentheses(term),
      );
      if (match === null) throw notSupported(`"${term.trim()}" in a filter of definitions`);
      const [, path = '', operator, quoted, bare = ''] = match;
      const wanted = quoted === undefined ? bare : quoted.replaceAll("''", "'");
      return (one: Definition) => {
        const value = path
          .split('/')
          .reduce<unknown>((at, name) => (at as Definition | undefined)?.[name], one);
        return (String(value) === wanted) === (operator === 'eq');
      };
    }),
  );
  return (one) => alternatives.some((all) => all.every((test) => test(one)));
}

function label(text: string): Definition {
  const one = { Label: text, LanguageCode: 1033 };
  return { LocalizedLabels: [one], UserLocalizedLabel: one };
}

const ownershipNames = {
  user: 'UserOwned',
  organization: 'OrganizationOwned',
  business: 'BusinessOwned',
  none: 'None',
} as const;

function entity(index: ModelIndex, table: Table): Definition {
  const all = index.model.relationships;
  const shown = (one: Relationship) => relationship(index, one);
  return {
    MetadataId: definitionId(table.name),
    LogicalName: table.name,
    SchemaName: table.name,
    EntitySetName: table.setName,
    LogicalCollectionName: table.setName,
    CollectionSchemaName: table.setName,
    DisplayName: label(table.label),
    DisplayCollectionName: label(table.pluralLabel),
    PrimaryIdAttribute: table.primaryId,
    PrimaryNameAttribute: table.primaryName,
    OwnershipType: ownershipNames[table.ownership],
    IsActivity: table.isActivity === true,
    IsIntersect: table.isIntersect === true,
    IsCustomEntity: table.isCustom === true,
    IsAvailableOffline: table.availableOffline,
    ChangeTrackingEnabled: table.changeTracking,
    Attributes: table.columns.map((column) => attribute(table, column)),
    Keys: (table.alternateKeys ?? []).map((key) => ({
      MetadataId: definitionId(table.name, 'key', key.name),
      LogicalName: key.name,
      SchemaName: key.name,
      EntityLogicalName: table.name,
      KeyAttributes: key.columns,
      EntityKeyIndexStatus: 'Active',
    })),
    ManyToOneRelationships: index.referencing(table.name).map(shown),
    OneToManyRelationships: index.referenced(table.name).map(shown),
    ManyToManyRelationships: all
      .filter(
        (one) =>
          one.kind === 'manyToMany' && (one.table1 === table.name || one.table2 === table.name),
      )
      .map(shown),
  };
}

/** Attribute types by column type. */
const attributeTypes: Readonly<Record<ColumnType, readonly [type: string, definition: string]>> = {
  string: ['String', 'StringAttributeMetadata'],
  memo: ['Memo', 'MemoAttributeMetadata'],
  integer: ['Integer', 'IntegerAttributeMetadata'],
  bigint: ['BigInt', 'BigIntAttributeMetadata'],
  decimal: ['Decimal', 'DecimalAttributeMetadata'],
  double: ['Double', 'DoubleAttributeMetadata'],
  money: ['Money', 'MoneyAttributeMetadata'],
  boolean: ['Boolean', 'BooleanAttributeMetadata'],
  choice: ['Picklist', 'PicklistAttributeMetadata'],
  choices: ['Virtual', 'MultiSelectPicklistAttributeMetadata'],
  state: ['State', 'StateAttributeMetadata'],
  status: ['Status', 'StatusAttributeMetadata'],
  dateTime: ['DateTime', 'DateTimeAttributeMetadata'],
  dateOnly: ['DateTime', 'DateTimeAttributeMetadata'],
  lookup: ['Lookup', 'LookupAttributeMetadata'],
  customer: ['Customer', 'LookupAttributeMetadata'],
  owner: ['Owner', 'LookupAttributeMetadata'],
  partyList: ['PartyList', 'LookupAttributeMetadata'],
  guid: ['Uniqueidentifier', 'UniqueIdentifierAttributeMetadata'],
  image: ['Virtual', 'ImageAttributeMetadata'],
  file: ['Virtual', 'FileAttributeMetadata'],
};
const requiredLevels = {
  none: 'None',
  recommended: 'Recommended',
  required: 'ApplicationRequired',
  system: 'SystemRequired',
} as const;

function attribute(table: Table, column: Column): Definition {
  const [type, definition] = attributeTypes[column.type];
  const { maxLength, min, max, precision, targets, options } = column;
  return {
    '@odata.type': `#${namespace}${definition}`,
    MetadataId: definitionId(table.name, column.name),
    EntityLogicalName: table.name,
    LogicalName: column.name,
    SchemaName: column.name,
    AttributeType: type,
    AttributeTypeName: {
      Value: `${definition.replace('AttributeMetadata', '')}Type`,
    },
    DisplayName: label(column.label),
    RequiredLevel: { Value: requiredLevels[column.required] },
    IsPrimaryId: column.name === table.primaryId,
    IsPrimaryName: column.name === table.primaryName,
    IsSecured: column.secured === true,
    IsValidForRead: true,
    IsValidForCreate: column.readOnly !== true,
    IsValidForUpdate: column.readOnly !== true && column.name !== table.primaryId,
    ...(column.type === 'string' ? { AutoNumberFormat: column.autoNumberFormat ?? '' } : {}),
    ...(maxLength === undefined ? {} : { MaxLength: maxLength }),
    ...(min === undefined ? {} : { MinValue: min }),
    ...(max === undefined ? {} : { MaxValue: max }),
    ...(precision === undefined ? {} : { Precision: precision }),
    ...(targets === undefined ? {} : { Targets: targets }),
    ...(column.type === 'dateOnly' ? { Format: 'DateOnly' } : {}),
    ...(options === undefined ? {} : { OptionSet: optionSet(table, column, options) }),
  };
}

function optionSet(table: Table, column: Column, options: readonly ChoiceOption[]): Definition {
  const option = ({ value, label: text, state, defaultStatus }: ChoiceOption) => ({
    Value: value,
    Label: label(text),
    ...(state === undefined ? {} : { State: state }),
    ...(defaultStatus === undefined ? {} : { DefaultStatus: defaultStatus }),
  });
  const base = {
    MetadataId: definitionId(table.name, column.name, 'options'),
    Name: `${table.name}_${column.name}`,
    IsGlobal: false,
    OptionSetType: column.type === 'boolean' ? 'Boolean' : attributeTypes[column.type][0],
  };
  if (column.type !== 'boolean') return { ...base, Options: options.map(option) };
  const of = (value: number) => options.find((one) => one.value === value);
  const [no, yes] = [of(0), of(1)];
  return {
    ...base,
    FalseOption: no === undefined ? null : option(no),
    TrueOption: yes === undefined ? null : option(yes),
  };
}

const cascadeNames = {
  noCascade: 'NoCascade',
  cascade: 'Cascade',
  active: 'Active',
  userOwned: 'UserOwned',
  removeLink: 'RemoveLink',
  restrict: 'Restrict',
} as const;

function relationship(index: ModelIndex, one: Relationship): Definition {
  const base = { MetadataId: definitionId('relationship', one.name), SchemaName: one.name };
  if (one.kind === 'manyToMany') {
    return {
      '@odata.type': `#${namespace}ManyToManyRelationshipMetadata`,
      ...base,
      RelationshipType: 'ManyToManyRelationship',
      IntersectEntityName: one.intersect,
      Entity1LogicalName: one.table1,
      Entity1IntersectAttribute: one.column1,
      Entity1NavigationPropertyName: one.name,
      Entity2LogicalName: one.table2,
      Entity2IntersectAttribute: one.column2,
      Entity2NavigationPropertyName: one.name,
    };
  }
  const kind = (action: keyof typeof one.cascade) =>
    cascadeNames[one.cascade[action] ?? 'noCascade'];
  return {
    '@odata.type': `#${namespace}OneToManyRelationshipMetadata`,
    ...base,
    RelationshipType: 'OneToManyRelationship',
    ReferencingEntity: one.table,
    ReferencingAttribute: one.column,
    ReferencingEntityNavigationPropertyName: one.column,
    ReferencedEntity: one.target,
    ReferencedAttribute: index.table(one.target)?.primaryId ?? '',
    ReferencedEntityNavigationPropertyName: one.name,
    IsHierarchical: one.hierarchical === true,
    CascadeConfiguration: {
      Assign: kind('assign'),
      Delete: kind('delete'),
      Merge: kind('merge'),
      Reparent: kind('reparent'),
      Share: kind('share'),
      Unshare: kind('unshare'),
    },
  };
}
