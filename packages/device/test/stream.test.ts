import { generateRows, sampleApp, sampleUsers } from '@outpost/sample';
import { createServer, type RowInput, tokenList } from '@outpost/server';
import { listen } from '@outpost/server/node';
import type { PageResponse } from '@outpost/sync/protocol';
import { seededRandom, testSystem } from '@outpost/testkit';
import { lengthOf } from '@outpost/vitest/length';
import { expect, test } from 'vitest';
import { countingStore } from './counting-store.ts';
import { organizationStore } from './organization-store.ts';

/** Rows that are read to the end; 1,000,000 by hand. */
const rowCount = lengthOf('OUTPOST_ROWS', { short: 6000, long: 100_000 });
const pageRows = 2000;

const visit = 'new_visit';

function* visits(): Generator<RowInput> {
  yield* generateRows({ random: seededRandom(5), now: testSystem(3).clock.now(), rows: 0 });
  const ownerid = { table: 'systemuser', id: sampleUsers.carla.id };
  for (let n = 0; n < rowCount; n++) {
    const id = `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;
    yield { table: visit, id, values: { new_name: `Visit ${n}`, ownerid } };
  }
}

test('however many rows a device reads, the organization holds a page of them at a time', async () => {
  const store = countingStore(organizationStore(), () => false);
  const organization = await createServer({
    store,
    model: {
      ...sampleApp,
      profile: {
        ...sampleApp.profile,
        items: [{ table: visit, intervalMinutes: 10, criteria: 'all', relationships: [] }],
      },
    },
    auth: tokenList(new Map([['token', sampleUsers.carla.id]])),
    system: testSystem(3),
    limits: 'off',
  });
  await organization.load(visits());
  const server = await listen(organization);
  const post = async (path: string, body: unknown) => {
    const response = await fetch(`${server.url}/sync/v1/${path}`, {
      method: 'POST',
      headers: { authorization: 'Bearer token', 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    expect(response.status).toBe(200);
    return response.json() as Promise<unknown>;
  };
  const device = { id: 'd', epoch: 'e' };
  const hello = (await post('hello', { device, previous: [], takeOver: false })) as {
    current: unknown;
  };
  store.statements.length = 0;
  const base = process.memoryUsage().rss;
  let [rows, largest, rss] = [0, 0, base];
  for (let after: string | null = null, more = true; more; more = after !== null) {
    const request = { device, seen: hello.current, table: visit, after, upTo: null };
    const page = (await post('page', { ...request, ids: null, limit: pageRows })) as PageResponse;
    rows += page.rows.length;
    largest = Math.max(largest, ...store.statements.map((one) => one.rows));
    store.statements.length = 0;
    rss = Math.max(rss, process.memoryUsage().rss);
    after = page.covered;
  }
  expect(rows).toBe(await organization.count(visit));
  expect(largest).toBe(pageRows);
  // One range over everything: the largest thing that a device can ask to be compared.
  const ranges = [{ upTo: null, rows: 0, sum: '' }];
  const asked = { device, seen: hello.current, table: visit, token: null, columns: [] };
  await post('digest', { ...asked, after: null, ranges });
  expect(Math.max(...store.statements.map((one) => one.rows))).toBeLessThanOrEqual(5000);
  // Collection is not at our command: memory is looked at where there is much to hold.
  const mostMegabytes = rowCount >= 500_000 ? 150 : Number.POSITIVE_INFINITY;
  expect((rss - base) / 1e6).toBeLessThan(mostMegabytes);
  await server.close();
  await organization.close();
});
