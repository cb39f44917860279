import type { Device } from '@outpost/device';
import { queryTypes, type Random } from '@outpost/model';
import { seededRandom } from '@outpost/testkit';
import { describe, expect, onTestFinished, test } from 'vitest';
import { corpusFile, hasCorpus } from './corpus.ts';
import { type AppChoice, openSyncedPhone } from './synced-phone.ts';

/** Terms per quick find view. */
const terms = Number(process.env['OUTPOST_ROUNDS'] ?? 25);

const fixed = [
  '',
  ' ',
  '*',
  '%',
  '_',
  '[',
  ']',
  '[a]',
  'ß',
  'ł',
  'é',
  'a',
  'A',
  'e',
  '1',
  '+',
  '*a*',
  'a*e',
  '😀',
  'zzzz',
];

/** A piece of a value of the device, as somebody may type it. */
function termOf(random: Random, texts: readonly string[]): string {
  const int = (below: number) => Math.floor(random.next() * below);
  const characters = [...(texts[int(texts.length)] ?? 'a')];
  const from = int(3) === 0 ? int(characters.length) : 0;
  const piece = characters.slice(from, from + 1 + int(8)).join('');
  switch (int(6)) {
    case 0:
      return `*${piece}`;
    case 1:
      return `${piece.slice(0, 1)}*${piece.slice(2)}`;
    case 2:
      return piece.toUpperCase();
    case 3:
      return piece.replace('a', 'á').replace('o', 'ø').replace('l', 'ł').replace('ss', 'ß');
    default:
      return piece;
  }
}

/** Compares each quick find view's result with what its query gives; returns how many were compared and by the index. */
function compare(device: Device, random: Random) {
  const { model, store, search, queries } = device;
  let [views, searches, byIndex, hits] = [0, 0, 0, 0];
  for (const view of model.savedQueries) {
    const { table } = view;
    if (view.queryType !== queryTypes.quickFind || !store.schema.has(table)) continue;
    if (queries.availability(view).length > 0) continue;
    views += 1;
    const all = queries.run({ view: view.id }, { limit: 300, offset: 0 });
    const rows = all.kind === 'ok' ? all.value.rows : [];
    const texts = rows.flatMap((row) =>
      Object.values(row.values).flatMap((value) =>
        typeof value === 'string' || typeof value === 'number'
          ? [String(value)]
          : typeof value === 'object' && value !== null && 'name' in value
            ? [String(value.name)]
            : [],
      ),
    );
    const typed = [...fixed, ...Array.from({ length: terms }, () => termOf(random, texts))];
    for (const term of typed) {
      const result = search.query({ table, term, limit: 100 });
      const query = queries.quickFind(table, term);
      const wanted =
        query.kind === 'ok'
          ? queries.run({ query: query.value }, { limit: 100, offset: 0 })
          : query;
      if (wanted.kind === 'invalid' || result.kind === 'refused') {
        expect([view.name, term, result.kind, wanted.kind]).toEqual([
          view.name,
          term,
          'refused',
          'invalid',
        ]);
        continue;
      }
      expect([view.name, term, result.hits.map((hit) => hit.row.id)]).toEqual([
        view.name,
        term,
        wanted.value.rows.map((row) => row.id),
      ]);
      const total = typeof result.total === 'number' ? result.total : wanted.value.total;
      expect(total).toBe(wanted.value.total);
      searches += 1;
      hits += result.hits.length;
      if (search.explain({ table, term }).answeredBy === 'index') byIndex += 1;
    }
  }
  return { views, searches, byIndex, hits };
}

/** A phone with everything on it, and time for the index to take it in. */
async function openIndexed(app: AppChoice): Promise<Device> {
  const { world, phone, system } = await openSyncedPhone(app);
  onTestFinished(() => world.close());
  system.clock.advance({ ms: 1 });
  return phone.device;
}

test('F-2: begins gives what each quick find view of the sample app gives, and the index is right', async () => {
  const device = await openIndexed({ rows: 600 });
  const { views, searches, byIndex, hits } = compare(device, seededRandom(5));
  expect(views).toBeGreaterThanOrEqual(12);
  expect(byIndex).toBeGreaterThan(searches / 3);
  expect(hits).toBeGreaterThan(searches);
  expect(device.searchIndex.currentStatus.filter((one) => one.state !== 'ready')).toEqual([]);
  expect(device.searchIndex.verify()).toEqual([]);
});

describe.skipIf(!hasCorpus)('F-2: begins on real apps', () => {
  test.each(['higher-education', 'education-common'])('%s', async (name) => {
    const device = await openIndexed({
      solution: corpusFile(name, 'solution'),
      data: corpusFile(name, 'data'),
    });
    const { views, searches, byIndex, hits } = compare(device, seededRandom(6));
    expect(views).toBeGreaterThan(10);
    expect(byIndex).toBeGreaterThan(searches / 3);
    expect(hits).toBeGreaterThan(100);
    expect(device.searchIndex.verify()).toEqual([]);
  });
});
