import {
  type AppModel,
  columnRights,
  type Diagnostic,
  type FieldSecurityProfile,
  isLookupValue,
  type LookupValue,
  type OfflineProfileItem,
  privileges,
  type Role,
  siteMapTables,
  syncErrorTable,
  type Table,
  withSystemTables,
} from '@outpost/model';
import type { RowInput } from '@outpost/server';
import {
  type ConnectionRole,
  type DataPackage,
  readDataPackage,
  readSolution,
  type Solution,
} from '@outpost/solution';
import { readPackageFile } from './read-package-file.ts';

/** An organization made out of a solution and a data package. */
export interface ImportedApp {
  readonly model: AppModel;
  readonly rows: readonly RowInput[];
  readonly diagnostics: readonly Diagnostic[];
}

export const importUser = {
  id: 'a0000000-0000-4000-8000-0000000000ff',
  name: 'Device User',
} as const;
const businessUnitId = 'b1000000-0000-4000-8000-0000000000ff';
const roleId = '70000000-0000-4000-8000-0000000000ff';
const fieldProfileId = '7f000000-0000-4000-8000-0000000000ff';

export function importApp(solutionFile: string, dataFile: string | null): ImportedApp {
  const solution = readPackageFile(solutionFile, readSolution);
  const data =
    dataFile === null
      ? null
      : readPackageFile(dataFile, (bytes) => readDataPackage(bytes, solution.model));
  return importedApp(solution, data);
}

export function importedApp(solution: Solution, data: DataPackage | null): ImportedApp {
  const model = withSystemTables(data?.model ?? solution.model);
  const rows: RowInput[] = [...(data?.rows ?? []), ...(data?.associations ?? [])];
  if (model.tables.some((table) => table.name === 'connectionrole')) {
    rows.push(...connectionRoleRows(solution.connectionRoles, rows));
  }
  const used = new Set(rows.map((row) => row.table));
  const [app] = solution.appModules;
  const offline = new Set([
    ...siteMapTables(model.siteMap),
    ...used,
    ...(app?.tables ?? solution.model.tables.map((table) => table.name)),
    'systemuser',
    'businessunit',
  ]);
  for (const table of model.tables) {
    // What belongs to the organization itself, or comes with other tables, is in no profile.
    if (table.isIntersect === true || table.name === syncErrorTable.name)
      offline.delete(table.name);
  }
  const tables = model.tables.map((table) =>
    offline.has(table.name) ? { ...table, availableOffline: true, changeTracking: true } : table,
  );
  // Tables that connect two others come with them.
  const pairs = new Set(
    model.relationships.flatMap((one) => (one.kind === 'manyToMany' ? [one.intersect] : [])),
  );
  const items: OfflineProfileItem[] = tables
    .filter((table) => offline.has(table.name) && !pairs.has(table.name))
    .map((table) => ({
      table: table.name,
      criteria: 'all',
      relationships: [],
      intervalMinutes: 10,
    }));
  const role: Role = {
    id: roleId,
    name: 'System Administrator',
    privileges: Object.fromEntries(
      tables.map((table) => [table.name, Object.fromEntries(privileges.map((one) => [one, 4]))]),
    ),
  };
  return {
    model: {
      ...model,
      tables,
      roles: [...model.roles, role],
      fieldSecurityProfiles: [...(model.fieldSecurityProfiles ?? []), everySecuredColumn(tables)],
      profile: { id: 'generated', name: 'Generated from the solution', items },
    },
    rows: [...directoryRows(rows), ...rows],
    diagnostics: [...solution.diagnostics, ...(data?.diagnostics ?? [])],
  };
}

/** Connection roles of the solution that the data package does not bring itself. */
function connectionRoleRows(
  roles: readonly ConnectionRole[],
  rows: readonly RowInput[],
): readonly RowInput[] {
  const present = new Set(rows.map((row) => row.id));
  return roles.flatMap(({ id, name, category }): RowInput[] =>
    present.has(id) ? [] : [{ table: 'connectionrole', id, values: { name, category } }],
  );
}

/** The user of an imported app is its administrator: secured columns are open to them. */
function everySecuredColumn(tables: readonly Table[]): FieldSecurityProfile {
  const permissions = tables.flatMap((table) =>
    table.columns.flatMap((column) =>
      column.secured === true
        ? [{ table: table.name, column: column.name, rights: columnRights }]
        : [],
    ),
  );
  return { id: fieldProfileId, name: 'System Administrator', permissions };
}

/** The user of the device, and users and business units that the rows name but the package does not hold. */
function directoryRows(rows: readonly RowInput[]): readonly RowInput[] {
  const present = new Set(rows.map((row) => row.id));
  const named = new Map<string, LookupValue>();
  for (const row of rows) {
    for (const value of Object.values(row.values)) {
      if (!isLookupValue(value) || present.has(value.id)) continue;
      if (value.table === 'systemuser' || value.table === 'businessunit')
        named.set(value.id, value);
    }
  }
  const unit: LookupValue = { table: 'businessunit', id: businessUnitId, name: 'Imported' };
  const directory: RowInput[] = [
    { table: 'businessunit', id: businessUnitId, values: { name: 'Imported' } },
    {
      table: 'systemuser',
      id: importUser.id,
      values: { fullname: importUser.name, businessunitid: unit, isdisabled: false },
    },
    {
      table: 'systemuserroles',
      id: importUser.id.replace('a0', 'a1'),
      values: { systemuserid: { table: 'systemuser', id: importUser.id }, roleid: roleId },
    },
    {
      table: 'systemuserprofiles',
      id: importUser.id.replace('a0', 'a2'),
      values: {
        systemuserid: { table: 'systemuser', id: importUser.id },
        fieldsecurityprofileid: fieldProfileId,
      },
    },
  ];
  for (const { table, id, name } of named.values()) {
    const values =
      table === 'businessunit'
        ? { name: name ?? id }
        : { fullname: name ?? id, businessunitid: unit, isdisabled: false };
    directory.push({ table, id, values });
  }
  return directory;
}
