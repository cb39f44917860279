import type { AppModel } from './app-model.ts';
import { defineTable } from './define-table.ts';
import type { Relationship, Table } from './table.ts';

const errorTypes = [
  { value: 0, label: 'Conflict' },
  { value: 1, label: 'Record not found' },
  { value: 2, label: 'Record already exists' },
  { value: 3, label: 'Others' },
];

/** Refused uploads, visible and repairable on the device. Columns as in the Dataverse table `syncerror`. */
export const syncErrorTable: Table = defineTable({
  name: 'syncerror',
  label: 'Sync Error',
  primaryName: 'name',
  ownership: 'user',
  columns: {
    name: { type: 'string', label: 'Name', maxLength: 100 },
    action: { type: 'string', label: 'Action', maxLength: 100 },
    actiondata: { type: 'memo', label: 'Action Data', maxLength: 10000 },
    requestdata: { type: 'memo', label: 'Request Data', maxLength: 10000 },
    errorcode: { type: 'string', label: 'Error Code', maxLength: 100 },
    errormessage: { type: 'string', label: 'Error Message', maxLength: 1000 },
    errordetail: { type: 'memo', label: 'Error Detail', maxLength: 10000 },
    errortime: { type: 'dateTime', label: 'Error Time' },
    errortype: { type: 'choice', label: 'Error Type', options: errorTypes },
    regardingobjectid: { type: 'lookup', label: 'Regarding', targets: [] },
    statecode: {
      type: 'state',
      label: 'Status',
      options: [
        { value: 0, label: 'Active', defaultStatus: 0 },
        { value: 1, label: 'Resolved', defaultStatus: 1 },
      ],
      default: 0,
    },
    statuscode: {
      type: 'status',
      label: 'Status Reason',
      options: [
        { value: 0, label: 'Active', state: 0 },
        { value: 1, label: 'Fixed', state: 1 },
      ],
      default: 0,
    },
  },
});

const systemUser = defineTable({
  name: 'systemuser',
  label: 'User',
  primaryName: 'fullname',
  ownership: 'business',
  columns: {
    fullname: { type: 'string', label: 'Full Name', maxLength: 200 },
    businessunitid: {
      type: 'lookup',
      label: 'Business Unit',
      targets: ['businessunit'],
      required: 'system',
    },
    isdisabled: { type: 'boolean', label: 'Status', default: false },
    parentsystemuserid: { type: 'lookup', label: 'Manager', targets: ['systemuser'] },
    positionid: { type: 'lookup', label: 'Position', targets: ['position'] },
    azureactivedirectoryobjectid: { type: 'guid', label: 'Azure AD Object ID' },
  },
});

const teamTypes = [
  { value: 0, label: 'Owner' },
  { value: 1, label: 'Access' },
  { value: 2, label: 'Security Group' },
  { value: 3, label: 'Office Group' },
];

const position = defineTable({
  name: 'position',
  label: 'Position',
  primaryName: 'name',
  ownership: 'organization',
  columns: {
    name: { type: 'string', label: 'Name', maxLength: 100, required: 'system' },
    parentpositionid: { type: 'lookup', label: 'Parent Position', targets: ['position'] },
  },
});

const team = defineTable({
  name: 'team',
  label: 'Team',
  primaryName: 'name',
  ownership: 'business',
  columns: {
    name: { type: 'string', label: 'Team Name', maxLength: 160, required: 'system' },
    teamtype: { type: 'choice', label: 'Team Type', options: teamTypes, default: 0 },
    businessunitid: {
      type: 'lookup',
      label: 'Business Unit',
      targets: ['businessunit'],
      required: 'system',
    },
  },
});

const businessUnit = defineTable({
  name: 'businessunit',
  label: 'Business Unit',
  primaryName: 'name',
  ownership: 'business',
  columns: {
    name: { type: 'string', label: 'Name', maxLength: 160, required: 'system' },
    parentbusinessunitid: { type: 'lookup', label: 'Parent Business', targets: ['businessunit'] },
  },
});

const teamMembership = defineTable({
  name: 'teammembership',
  label: 'Team Membership',
  primaryName: null,
  ownership: 'none',
  isIntersect: true,
  columns: {
    teamid: { type: 'lookup', label: 'Team', targets: ['team'] },
    systemuserid: { type: 'lookup', label: 'User', targets: ['systemuser'] },
  },
});

/** Who has what: a user or a team, and the id of a role or profile. Rights are told to devices in another form. */
function assignment(
  name: string,
  label: string,
  holder: 'systemuser' | 'team',
  held: 'roleid' | 'fieldsecurityprofileid',
): Table {
  return defineTable({
    name,
    label,
    primaryName: null,
    ownership: 'none',
    isIntersect: true,
    availableOffline: false,
    columns: {
      [`${holder}id`]: {
        type: 'lookup',
        label: holder === 'team' ? 'Team' : 'User',
        targets: [holder],
      },
      [held]: { type: 'guid', label: held === 'roleid' ? 'Role' : 'Field Security Profile' },
    },
  });
}

/** Tables every organization has, in the smallest form the stack needs. */
export const systemTables: readonly Table[] = [
  businessUnit,
  systemUser,
  team,
  teamMembership,
  assignment('systemuserroles', 'User Role', 'systemuser', 'roleid'),
  assignment('teamroles', 'Team Role', 'team', 'roleid'),
  assignment(
    'systemuserprofiles',
    'User Field Security Profile',
    'systemuser',
    'fieldsecurityprofileid',
  ),
  assignment('teamprofiles', 'Team Field Security Profile', 'team', 'fieldsecurityprofileid'),
  position,
  syncErrorTable,
];

/** A model with the system tables it lacks. A table the app defines itself is kept, completed by missing columns. */
export function withSystemTables(model: AppModel): AppModel {
  const tables = model.tables.map((table) => {
    const system = systemTables.find((one) => one.name === table.name);
    if (system === undefined) return table;
    const names = new Set(table.columns.map((column) => column.name));
    const missing = system.columns.filter((column) => !names.has(column.name));
    return { ...table, columns: [...table.columns, ...missing] };
  });
  const names = new Set(tables.map((table) => table.name));
  const added = systemTables.filter((table) => !names.has(table.name));
  const relationships: Relationship[] = [...model.relationships];
  return { ...model, tables: [...tables, ...added], relationships };
}
