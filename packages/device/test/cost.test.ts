import { generateRows, sampleApp, sampleUsers } from '@outpost/sample';
import { createServer, tokenList } from '@outpost/server';
import { listen, type RunningServer } from '@outpost/server/node';
import { memoryStorage } from '@outpost/store/node';
import { httpTransport, staticToken } from '@outpost/sync/http';
import { seededGuids, seededRandom, testSystem } from '@outpost/testkit';
import { lengthOf } from '@outpost/vitest/length';
import { BehaviorSubject } from 'rxjs';
import { expect, test } from 'vitest';
import { openDevice } from '../src/index.ts';
import { countingStore } from './counting-store.ts';
import { organizationStore } from './organization-store.ts';
import { sync } from './world.ts';

/** Changes of others; the full number by hand. */
const others = lengthOf('OUTPOST_ROUNDS', { short: 2000, long: 20_000 });

async function open() {
  const system = testSystem(21);
  const store = countingStore(organizationStore(), () => false);
  const tokens = new Map(Object.entries(sampleUsers).map(([name, user]) => [name, user.id]));
  const organization = await createServer({
    store,
    model: sampleApp,
    auth: tokenList(tokens),
    system,
    limits: 'off',
  });
  await organization.load(
    generateRows({ random: seededRandom(5), now: system.clock.now(), rows: 1000 }),
  );
  const server: RunningServer = await listen(organization);
  const device = await openDevice({
    storage: memoryStorage(),
    transport: httpTransport({ url: server.url, tokens: staticToken('ana') }),
    online: new BehaviorSubject(true),
    system: testSystem(22),
  });
  await sync(device);
  const requests = () => [...server.requests.values()].reduce((sum, one) => sum + one, 0);
  return {
    store,
    organization,
    device,
    requests,
    close: async () => {
      await device.close();
      await server.close();
      await organization.close();
    },
  };
}

const security = new Set([
  'systemuser',
  'team',
  'teammembership',
  'businessunit',
  'systemuserroles',
  'teamroles',
]);
const businessTables = sampleApp.tables
  .map((table) => table.name)
  // Who the caller is and what they may do is read with each request.
  .filter((name) => !security.has(name));

test('X03: a cycle in which nothing changed is one request, and reads no row of any business table', async () => {
  const { store, device, requests, close } = await open();
  const before = requests();
  store.statements.length = 0;
  await sync(device);
  expect(requests() - before).toBe(1);
  const touched = businessTables.filter((name) =>
    store.statements.some(({ sql }) => new RegExp(`(FROM|JOIN) "?${name}"?\\b`).test(sql)),
  );
  expect(touched).toEqual([]);
  // Nor is anything written, on either side.
  expect(store.statements.filter(({ sql }) => /^(INSERT|UPDATE|DELETE)/.test(sql))).toEqual([]);
  await close();
});

test('other rights are learnt without counting the rows that are here', async () => {
  const { store, organization, device, close } = await open();
  await organization.setConflictPolicy('merge');
  store.statements.length = 0;
  await sync(device);
  expect(device.sync.hello?.conflictPolicy).toBe('merge');
  expect(store.statements.filter(({ sql }) => /count\(\*\)/.test(sql))).toEqual([]);
  await close();
});

test('the cost of a delta follows the changes of the device, not those of others', async () => {
  const { store, organization, device, requests, close } = await open();
  const [[mine]] = device.store.all('SELECT accountid FROM account ORDER BY 1 LIMIT 1') as [
    [string],
  ];
  const carla = organization.as(sampleUsers.carla.id);
  const delta = async () => {
    await carla.update({ table: 'account', id: mine, values: { telephone1: String(requests()) } });
    const before = requests();
    store.statements.length = 0;
    await sync(device);
    return {
      rows: store.statements.reduce((sum, one) => sum + one.rows, 0),
      statements: store.statements.length,
      requests: requests() - before,
    };
  };
  const alone = await delta();
  const dev = organization.as(sampleUsers.dev.id);
  const ids = seededGuids(seededRandom(9));
  const theirs = ids.next();
  await dev.create({ table: 'account', id: theirs, values: { name: 'Elsewhere' } });
  for (let i = 0; i < others; i++) {
    await dev.update({ table: 'account', id: theirs, values: { telephone1: `${i}` } });
    // Connections that the server gave up meanwhile are noticed.
    if (i % 1000 === 0) await new Promise((done) => setImmediate(done));
  }
  expect(await dev.retrieve('account', theirs)).not.toBeNull();
  const among = await delta();
  expect(device.get('account', theirs)).toBeNull();
  expect(among.rows).toBeLessThanOrEqual(2 * alone.rows);
  expect(among.statements).toBeLessThanOrEqual(2 * alone.statements);
  expect(among.requests).toBe(alone.requests);
  if (store.engine.dialect.name !== 'sqlite') return close();
  // Rows that are looked at and dropped would not be counted: the log is read along an index of the scope.
  const plans = await store.read(async (tx) => {
    const probe = store.statements.find(({ sql }) => sql.includes('"$log_owner"'));
    const params = Array.from({ length: (probe?.sql.match(/\?/g) ?? []).length }, () => '');
    return tx.all(`EXPLAIN QUERY PLAN ${probe?.sql ?? ''}`, params);
  });
  expect(plans.map((row) => String(row[3])).join()).toMatch(
    /USING COVERING INDEX \$log_owner \(tbl=\? AND owner=\? AND position>\? AND position<\?\)/,
  );
  await close();
});
