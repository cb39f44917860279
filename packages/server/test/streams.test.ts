import { request } from 'node:http';
import { type AppModel, defineApp, defineTable, withSystemTables } from '@outpost/model';
import { testSystem } from '@outpost/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createServer, type Organization, type StreamLimits, tokenList } from '../src/index.ts';
import { listen, type RunningServer } from '../src/node/index.ts';
import { openStore } from './stores.ts';

const id = (n: number): string => `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;
const users = { ana: id(1), ben: id(2), eva: id(3) };
const rights = { create: 4, read: 4, write: 4, delete: 4, append: 4, appendTo: 4 } as const;
const model: AppModel = withSystemTables(
  defineApp({
    name: 'T',
    uniqueName: 't',
    tables: [
      defineTable({
        name: 'account',
        label: 'Account',
        primaryName: 'name',
        ownership: 'user',
        columns: { name: { type: 'string' } },
      }),
    ],
    roles: [
      {
        id: id(50),
        name: 'All',
        privileges: { account: rights, systemuser: rights, systemuserroles: rights },
      },
    ],
    profile: {
      id: 'p',
      name: 'p',
      items: [{ table: 'account', criteria: 'all', relationships: [], intervalMinutes: 10 }],
    },
  }),
);
const streams: StreamLimits = { perUser: 3, all: 5 };

let organization: Organization;
let server: RunningServer;
beforeAll(async () => {
  organization = await createServer({
    store: openStore(),
    model,
    auth: tokenList(new Map(Object.entries(users))),
    system: testSystem(1),
    streams,
  });
  await organization.load([
    { table: 'businessunit', id: id(90), values: { name: 'Root' } },
    ...Object.values(users).flatMap((user, n) => [
      {
        table: 'systemuser',
        id: user,
        values: { fullname: `User ${n}`, businessunitid: { table: 'businessunit', id: id(90) } },
      },
      {
        table: 'systemuserroles',
        id: id(60 + n),
        values: { systemuserid: { table: 'systemuser', id: user }, roleid: id(50) },
      },
    ]),
  ]);
  server = await listen(organization);
});
afterAll(async () => {
  await server.close();
  await organization.close();
});

const hints = (user: keyof typeof users) => ({
  method: 'GET',
  url: '/sync/v1/hints',
  headers: { authorization: `Bearer ${user}` },
  body: null,
});
const watch = async (user: keyof typeof users, onEnd?: () => void) => {
  const heard: string[] = [];
  const watched = await organization.watch(hints(user), (tables) => heard.push(...tables), onEnd);
  return { heard, ...watched };
};
const stopOf = (watched: Awaited<ReturnType<typeof watch>>): (() => void) => {
  if ('stop' in watched) return watched.stop;
  throw new Error(`refused: ${watched.refused.status}`);
};

describe('O12a: streams of hints are bounded', () => {
  test('of one user, and in all; one that ends makes room for the next', async () => {
    const own = [await watch('ana'), await watch('ana'), await watch('ana')];
    const fourth = await watch('ana');
    const refused = { refused: { status: 429, headers: { 'retry-after': '300' } } };
    expect(fourth).toMatchObject(refused);
    const others = [await watch('ben'), await watch('ben')];
    expect(await watch('eva')).toMatchObject(refused);
    stopOf(own[0] ?? fourth)();
    const next = await watch('eva');
    for (const one of [...own, ...others, next]) stopOf(one)();
  });

  test('O12b: connections that go while they are let in leave nothing behind', async () => {
    for (let n = 0; n < 20; n++) {
      await new Promise<void>((resolve) => {
        const { url, headers } = hints('ben');
        const call = request(`${server.url}${url}`, { headers });
        call.on('error', () => undefined);
        call.on('close', () => resolve());
        call.end();
        call.on('socket', (socket) => socket.on('connect', () => call.destroy()));
      });
    }
    // The organization notices each when it comes to it: then all three places are free.
    const places: (() => void)[] = [];
    while (places.length < streams.perUser) {
      const one = await watch('ben');
      if ('stop' in one) places.push(one.stop);
      else await (await fetch(`${server.url}/health`)).text();
    }
    for (const stop of places) stop();
    expect(places).toHaveLength(streams.perUser);
  });
});

describe('O16b: a stream ends with the right to listen', () => {
  test('of a user who is disabled, at once; others hear on', async () => {
    let ended = 0;
    const [anas, bens] = [
      await watch('ana', () => {
        ended += 1;
      }),
      await watch('ben'),
    ];
    const { url, headers } = hints('ana');
    const response = await fetch(`${server.url}${url}`, { headers });
    const disabled = { table: 'systemuser', id: users.ana, values: { isdisabled: true } };
    await organization.as(users.ben).update(disabled);
    expect(ended).toBe(1);
    // Resolves when the stream has ended.
    expect(await response.text()).toContain(': connected');
    await organization
      .as(users.ben)
      .create({ table: 'account', id: id(100), values: { name: 'A' } });
    expect(bens.heard).toContain('account');
    expect(anas.heard).not.toContain('account');
    expect(await watch('ana')).toMatchObject({ refused: { status: 403 } });
    stopOf(bens)();
  });

  test('of a user whose last role was taken away', async () => {
    let ended = 0;
    await watch('eva', () => {
      ended += 1;
    });
    await organization.as(users.ben).delete('systemuserroles', id(62));
    expect(ended).toBe(1);
  });
});
