import type { Depth, Role, Table, TablePrivileges } from '@outpost/model';

const all = (depth: Depth): TablePrivileges => ({
  create: depth,
  read: depth,
  write: depth,
  delete: depth,
  append: depth,
  appendTo: depth,
  assign: depth,
  share: depth,
});
const readOnly: TablePrivileges = { read: 4, appendTo: 4 };

function role(
  id: string,
  name: string,
  tables: readonly Table[],
  own: (table: Table) => TablePrivileges,
): Role {
  return {
    id,
    name,
    privileges: Object.fromEntries(tables.map((table) => [table.name, own(table)])),
  };
}

const directory: ReadonlySet<string> = new Set([
  'systemuser',
  'team',
  'businessunit',
  'product',
  'connectionrole',
  'position',
]);

export const roleIds = {
  salesperson: '70000000-0000-4000-8000-000000000001',
  salesManager: '70000000-0000-4000-8000-000000000002',
  serviceRepresentative: '70000000-0000-4000-8000-000000000003',
} as const;

/** Three roles: own rows, the whole organization, and service with read-only sales. */
export function roles(tables: readonly Table[]): readonly Role[] {
  const sales = new Set([
    'lead',
    'opportunity',
    'opportunityproduct',
    'leadtoopportunitysalesprocess',
  ]);
  return [
    role(roleIds.salesperson, 'Salesperson', tables, (table) => {
      if (directory.has(table.name)) return readOnly;
      if (table.ownership === 'organization') return all(4);
      // Rows of the business unit can be read and completed; only one's own may be deleted or handed over.
      return { ...all(2), delete: 1, assign: 1, share: 1 };
    }),
    role(roleIds.salesManager, 'Sales Manager', tables, () => all(4)),
    role(roleIds.serviceRepresentative, 'Service Representative', tables, (table) => {
      if (directory.has(table.name)) return readOnly;
      if (sales.has(table.name)) return { read: 2 };
      return table.ownership === 'organization' ? { ...all(4), delete: 0 } : all(2);
    }),
  ];
}
