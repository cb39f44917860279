import {
  type AppModel,
  type Column,
  type ColumnPermission,
  type Depth,
  privileges,
  type RowValues,
  type TablePrivileges,
} from '@outpost/model';
import { sampleApp } from '@outpost/sample';
import { testSystem } from '@outpost/testkit';
import { createServer, type Organization, tokenList } from '../src/index.ts';
import { openStore } from './stores.ts';

export const id = (n: number): string =>
  `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;
/**
 * Rita may do everything. Ana has rights on her own rows, reads all activity pointers, and may set one secured column,
 * `account.revenue`, without reading it. Ben is as Ana, without that.
 */
export const users = { rita: id(1), ana: id(2), ben: id(3) } as const;
export type User = keyof typeof users;

const depths = (depth: Depth): TablePrivileges =>
  Object.fromEntries(privileges.map((one) => [one, depth]));
const party = (name: string): Column => ({
  ...{ name, label: name, type: 'partyList', required: 'none' },
  targets: ['contact', 'account'],
});
/** Columns that only Rita reads. */
const secured: readonly (readonly [table: string, column: string])[] = [
  ['account', 'revenue'],
  ['lead', 'description'],
  ['lead', 'telephone1'],
  ['task', 'description'],
  ['activitypointer', 'scheduledend'],
];
const permission = ([table, column]: readonly [string, string]): ColumnPermission => ({
  ...{ table, column, rights: ['create', 'read', 'update'] },
});
const own = ['account', 'contact', 'lead', 'opportunity', 'task', 'email', 'annotation'];

export const model: AppModel = {
  ...sampleApp,
  tables: sampleApp.tables.map((table) => ({
    ...table,
    changeTracking: true,
    columns: [
      ...table.columns.map((one) =>
        secured.some(([name, column]) => name === table.name && column === one.name)
          ? { ...one, secured: true }
          : one,
      ),
      ...(table.name === 'email' ? [party('to')] : []),
    ],
    ...(table.name === 'account'
      ? { alternateKeys: [{ name: 'number', columns: ['accountnumber'] }] }
      : {}),
  })),
  fieldSecurityProfiles: [
    { id: id(40), name: 'Everything', permissions: secured.map(permission) },
    {
      ...{ id: id(41), name: 'Set only' },
      permissions: [{ table: 'account', column: 'revenue', rights: ['create', 'update'] }],
    },
  ],
  roles: [
    {
      ...{ id: id(50), name: 'Everything' },
      privileges: Object.fromEntries(sampleApp.tables.map((one) => [one.name, depths(4)])),
    },
    {
      ...{ id: id(51), name: 'Own rows' },
      privileges: {
        ...Object.fromEntries(own.map((one) => [one, depths(1)])),
        activitypointer: depths(4),
        systemuser: { read: 4, appendTo: 4 },
      },
    },
  ],
  profile: {
    ...{ id: id(60), name: 'All' },
    items: ['account', 'contact', 'task', 'email', 'activitypointer'].map((table) => ({
      ...{ table, criteria: 'all' as const, relationships: [], intervalMinutes: 10 },
    })),
  },
};

export const user = (name: User) => ({ ownerid: { table: 'systemuser', id: users[name] } });

export async function openRightsWorld(definitions: AppModel = model): Promise<Organization> {
  const organization = await createServer({
    ...{ store: openStore(), model: definitions, limits: 'off', system: testSystem(5) },
    auth: tokenList(new Map(Object.entries(users))),
  });
  const unit = { table: 'businessunit', id: id(90) };
  const people = Object.entries(users).flatMap(([fullname, one], n) => [
    { table: 'systemuser', id: one, values: { fullname, businessunitid: unit } },
    {
      ...{ table: 'systemuserroles', id: id(91 + n) },
      values: {
        systemuserid: { table: 'systemuser', id: one },
        roleid: id(fullname === 'rita' ? 50 : 51),
      },
    },
  ]);
  const member = (n: number, name: User, profile: number) => ({
    ...{ table: 'systemuserprofiles', id: id(n) },
    values: {
      systemuserid: { table: 'systemuser', id: users[name] },
      fieldsecurityprofileid: id(profile),
    },
  });
  await organization.load([
    { table: 'businessunit', id: unit.id, values: {} },
    ...people,
    member(95, 'rita', 40),
    member(96, 'ana', 41),
  ]);
  return organization;
}

export const row = (table: string, n: number, values: RowValues) => ({ table, id: id(n), values });

/** One request of the Web API. */
export async function ask(
  organization: Organization,
  as: User,
  path: string,
  body?: object,
  { method = body === undefined ? 'GET' : 'POST', headers = {} } = {},
) {
  const answer = await organization.handle({
    ...{ method, url: `/api/data/v9.2/${path}` },
    headers: {
      ...{ authorization: `Bearer ${as}`, 'content-type': 'application/json' },
      ...headers,
    },
    body: body === undefined ? null : new TextEncoder().encode(JSON.stringify(body)),
  });
  const text = String(answer.body);
  return { status: answer.status, text, json: text === '' ? {} : JSON.parse(text) };
}

/** One message of the sync endpoint. */
export async function sync(organization: Organization, as: User, message: string, body: object) {
  const answer = await organization.handle({
    ...{ method: 'POST', url: `/sync/v1/${message}` },
    headers: { authorization: `Bearer ${as}` },
    body: new TextEncoder().encode(
      JSON.stringify({
        device: { id: `device of ${as}`, epoch: 'e' },
        seen: { app: organization.appHash, access: '' },
        ...body,
      }),
    ),
  });
  return { status: answer.status, text: String(answer.body) };
}

/** All that a device gets of a table. */
export const page = async (organization: Organization, as: User, table: string) =>
  (await sync(organization, as, 'page', { table, after: null, limit: 1000 })).text;
