import {
  type AppModel,
  type Column,
  defineTable,
  type Privilege,
  privileges,
  type Role,
  type TablePrivileges,
} from '@outpost/model';
import { sampleApp } from '@outpost/sample';
import { testSystem } from '@outpost/testkit';
import { createServer, type Organization, type RequestLimits, tokenList } from '../../src/index.ts';
import { listen, type RunningServer } from '../../src/node/index.ts';
import { openStore } from '../stores.ts';

export const id = (n: number): string =>
  `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;
/** Rita may do everything; Ana what concerns her own rows; Nils has a role that grants nothing here. */
export const users = { rita: id(1), ana: id(2), nils: id(3) };
const unit = { table: 'businessunit', id: id(90), name: 'Root' };

const depths = (depth: 1 | 4): TablePrivileges =>
  Object.fromEntries(privileges.map((one): [Privilege, 1 | 4] => [one, depth]));
const everywhere = (depth: 1 | 4, names: readonly string[]) =>
  Object.fromEntries(names.map((name) => [name, depths(depth)]));

const pairs = defineTable({
  name: 'account_rivals',
  label: 'Rivals',
  primaryName: null,
  ownership: 'none',
  isIntersect: true,
  columns: {
    accountid: { type: 'lookup', targets: ['account'] },
    competitorid: { type: 'lookup', targets: ['competitor'] },
  },
});

const party = (name: string): Column => ({
  name,
  label: name,
  type: 'partyList',
  required: 'none',
  targets: ['systemuser', 'contact', 'account', 'lead'],
});

const tables = [
  ...sampleApp.tables.map((table) => ({
    ...table,
    changeTracking: true,
    ...(table.name === 'email' ? { columns: [...table.columns, party('from'), party('to')] } : {}),
    ...(table.name === 'account'
      ? {
          alternateKeys: [
            { name: 'number', columns: ['accountnumber'] },
            { name: 'place', columns: ['name', 'address1_city'] },
          ],
        }
      : {}),
  })),
  { ...pairs, changeTracking: false },
];
const roles: readonly Role[] = [
  {
    id: id(50),
    name: 'Everything',
    privileges: everywhere(
      4,
      tables.map((one) => one.name),
    ),
  },
  {
    id: id(51),
    name: 'Own rows',
    privileges: everywhere(1, ['account', 'contact', 'lead', 'task', 'annotation']),
  },
  { id: id(52), name: 'Nothing', privileges: { position: { read: 4 } } },
];

/** The sample app with alternate keys, a many-to-many relationship and change tracking. */
export const model: AppModel = {
  ...sampleApp,
  tables,
  relationships: [
    ...sampleApp.relationships,
    {
      kind: 'manyToMany',
      name: 'account_rivals',
      intersect: 'account_rivals',
      table1: 'account',
      column1: 'accountid',
      table2: 'competitor',
      column2: 'competitorid',
    },
  ],
  roles,
};

export interface WebApiWorld {
  readonly organization: Organization;
  readonly server: RunningServer;
  /** Address of the service. */
  readonly root: string;
  readonly close: () => Promise<void>;
}

/** An organization with three users and no other rows, served over HTTP. */
export async function openWorld(
  onFault?: (fault: unknown) => void,
  limits: RequestLimits | 'off' = 'off',
): Promise<WebApiWorld> {
  const organization = await createServer({
    store: openStore(),
    model,
    auth: tokenList(new Map(Object.entries(users))),
    system: testSystem(7),
    limits,
    ...(onFault === undefined ? {} : { onFault }),
  });
  const user = (name: keyof typeof users) => ({
    table: 'systemuser',
    id: users[name],
    values: { fullname: name, businessunitid: unit },
  });
  const grant = (name: keyof typeof users, n: number, role: number) => ({
    table: 'systemuserroles',
    id: id(n),
    values: { systemuserid: { table: 'systemuser', id: users[name] }, roleid: id(role) },
  });
  await organization.load([
    { table: 'businessunit', id: unit.id, values: { name: 'Root' } },
    user('rita'),
    user('ana'),
    user('nils'),
    grant('rita', 60, 50),
    grant('ana', 61, 51),
    grant('nils', 62, 52),
  ]);
  const server = await listen(organization);
  return {
    organization,
    server,
    root: `${server.url}/api/data/v9.2`,
    close: async () => {
      await server.close();
      await organization.close();
    },
  };
}

/** One request; the body is JSON, a text, or none. */
export async function ask(
  { root }: Pick<WebApiWorld, 'root'>,
  method: string,
  path: string,
  options: {
    readonly as?: keyof typeof users;
    readonly body?: unknown;
    readonly headers?: Readonly<Record<string, string>>;
  } = {},
) {
  const { as = 'rita', body, headers = {} } = options;
  const url = path.startsWith('http') ? path : `${root}/${path}`;
  const response = await fetch(url, {
    method,
    headers: {
      authorization: `Bearer ${as}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.startsWith('application/json') === true;
  return {
    status: response.status,
    headers: response.headers,
    text,
    json: (isJson && text !== '' ? JSON.parse(text) : {}) as Json,
  };
}

/** What JSON may be, as far as tests look into it. */
export interface Json {
  readonly [name: string]: unknown;
  readonly value?: readonly Json[];
  readonly error?: { readonly code: string; readonly message: string };
}
