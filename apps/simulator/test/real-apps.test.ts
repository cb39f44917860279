import type { Device } from '@outpost/device';
import { queryTypes, siteMapTables } from '@outpost/model';
import { seededRandom } from '@outpost/testkit';
import { lengthOf } from '@outpost/vitest/length';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compareQuickFind } from './compare-quick-find.ts';
import { corpusFile, hasCorpus } from './corpus.ts';
import { outpost } from './program.ts';
import { openSyncedPhone, type SyncedPhone } from './synced-phone.ts';

/** Terms per quick find view. */
const terms = lengthOf('OUTPOST_ROUNDS', { short: 6, long: 60 });

const email = [false, '0x80071125 Table "email"'] as const;
const task = [true, '0x8005f21b Table "task" has no views'] as const;

describe.skipIf(!hasCorpus).each([
  { name: 'higher-education', rows: 7310, tables: 24, profiled: 23, closed: [], withRows: 50 },
  {
    name: 'education-common',
    rows: 1296,
    tables: 77,
    profiled: 12,
    closed: [email, email, task, task],
    withRows: 200,
  },
])('a real app: $name', ({ name, rows, tables: count, profiled, closed, withRows }) => {
  const files = { solution: corpusFile(name, 'solution'), data: corpusFile(name, 'data') };
  let opened: SyncedPhone;
  let device: Device;
  beforeAll(async () => {
    opened = await openSyncedPhone(files);
    device = opened.phone.device;
  });
  afterAll(() => opened.world.close());

  test('all its rows are on the device, as the organization has them', async () => {
    expect(opened.world.traffic.rowsDownloaded).toBeGreaterThanOrEqual(rows);
    expect(await device.sync.compare()).toEqual([]);
  });

  test('the tables of its site map, real rows in their default views, their forms', () => {
    const tables = siteMapTables(device.model.siteMap);
    expect(tables.length).toBeGreaterThanOrEqual(7);
    let filled = 0;
    for (const table of tables) {
      for (const { view, reasons } of device.views(table)) {
        if (!view.isDefault || view.queryType !== queryTypes.public || reasons.length > 0) continue;
        const result = device.queries.run({ view: view.id }, { limit: 20, offset: 0 });
        expect([view.name, result.kind]).toEqual([view.name, 'ok']);
        const [row] = result.kind === 'ok' ? result.value.rows : [];
        if (row === undefined) continue;
        filled += 1;
        expect(device.openForm(table, row.id).current.sections.length).toBeGreaterThan(0);
      }
    }
    expect(filled).toBeGreaterThanOrEqual(5);
    const odd = device.model.savedQueries.flatMap((view): unknown[] => {
      const reasons = device.queries.availability(view);
      const kinds = reasons.map((one) => one.reason);
      if (kinds.length > 0) return kinds.includes('invalidQuery') ? [[view.name, reasons]] : [];
      const result = device.queries.run({ view: view.id }, { limit: 5, offset: 0 });
      return result.kind === 'ok' ? [] : [[view.name, result.errors]];
    });
    expect(odd).toEqual([]);
  });

  test('F-2: begins gives what each quick find view gives, and the index is right', () => {
    // The index is built in time of its own.
    opened.system.clock.advance({ ms: 1 });
    const { views, searches, byIndex, hits } = compareQuickFind(device, seededRandom(6), terms);
    expect(views).toBeGreaterThan(10);
    expect(byIndex).toBeGreaterThan(searches / 3);
    expect(hits).toBeGreaterThan(100);
    expect(device.searchIndex.verify()).toEqual([]);
  });

  test('inspect counts it, and generates a profile that publishes without findings; it says of each view whether it compiles, is available, why not, and its rows', async () => {
    const args = ['inspect', files.solution, '--data', files.data, '--profile', 'auto', '--json'];
    const { code, stdout } = await outpost(...args);
    const { profile, views, savedQueries, ...counts } = JSON.parse(stdout);
    expect(counts).toMatchObject({ tables: count, data: { rows } });
    expect(profile.findings).toEqual([]);
    expect(profile.profile.items.length).toBeGreaterThanOrEqual(profiled);
    expect(code).toBe(0);
    expect(views).toHaveLength(savedQueries);
    type View = { compiled: boolean; available: boolean; reason: string; rows: number | null };
    const unavailable = views.filter((view: View) => !view.available);
    expect(unavailable.map((view: View) => [view.compiled, view.reason, view.rows])).toEqual(
      closed.map(([compiled, reason]) => [compiled, expect.stringContaining(reason), null]),
    );
    expect(views.filter((view: View) => (view.rows ?? 0) > 0).length).toBeGreaterThan(withRows);
    expect(views[0]).toMatchObject({
      id: expect.any(String),
      name: expect.any(String),
      type: expect.any(Number),
    });
  });
});
