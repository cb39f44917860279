import {
  type Column,
  type ColumnType,
  isLookup,
  type ModelIndex,
  type Table,
} from '@outpost/model';

const edmTypes: Readonly<Partial<Record<ColumnType, string>>> = {
  integer: 'Edm.Int32',
  choice: 'Edm.Int32',
  state: 'Edm.Int32',
  status: 'Edm.Int32',
  bigint: 'Edm.Int64',
  decimal: 'Edm.Decimal',
  money: 'Edm.Decimal',
  double: 'Edm.Double',
  boolean: 'Edm.Boolean',
  dateTime: 'Edm.DateTimeOffset',
  dateOnly: 'Edm.Date',
  guid: 'Edm.Guid',
  image: 'Edm.Binary',
};

/** `$metadata`: the service described as OData does. */
export function csdl({ model, referencing, referenced }: ModelIndex): string {
  const types = model.tables.map((table) => {
    const toOne = referencing(table.name).map((one) => {
      const type = `mscrm.${one.target}`;
      return `<NavigationProperty Name="${one.column}" Type="${type}" />`;
    });
    const toMany = referenced(table.name).map(
      (one) => `<NavigationProperty Name="${one.name}" Type="Collection(mscrm.${one.table})" />`,
    );
    return [
      `<EntityType Name="${table.name}">`,
      `<Key><PropertyRef Name="${table.primaryId}" /></Key>`,
      ...properties(table),
      ...new Set(toOne),
      ...new Set(toMany),
      '</EntityType>',
    ].join('');
  });
  const sets = model.tables.map(
    ({ setName, name }) => `<EntitySet Name="${setName}" EntityType="mscrm.${name}" />`,
  );
  return [
    '<?xml version="1.0" encoding="utf-8"?>',
    '<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices>',
    '<Schema Namespace="Microsoft.Dynamics.CRM" Alias="mscrm" xmlns="http://docs.oasis-open.org/odata/ns/edm">',
    ...types,
    `<EntityContainer Name="System">${sets.join('')}</EntityContainer>`,
    '</Schema></edmx:DataServices></edmx:Edmx>',
  ].join('\n');
}

function properties(table: Table): readonly string[] {
  const names = new Map<string, string>([['versionnumber', 'Edm.Int64']]);
  for (const column of table.columns) names.set(propertyName(column), typeOf(table, column));
  return [...names].map(([name, type]) => `<Property Name="${name}" Type="${type}" />`);
}

function propertyName(column: Column): string {
  return isLookup(column) ? `_${column.name}_value` : column.name;
}

function typeOf(table: Table, column: Column): string {
  if (isLookup(column) || column.name === table.primaryId) return 'Edm.Guid';
  return edmTypes[column.type] ?? 'Edm.String';
}
