import type { Device } from '@outpost/device';
import { queryTypes, type Random } from '@outpost/model';
import { expect } from 'vitest';

/** What has a meaning of its own somewhere, or is hard to compare. */
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

/** Fixed terms, any of them, and as many pieces of values. */
function someTerms(random: Random, count: number, texts: readonly string[]): readonly string[] {
  const order = new Map(fixed.map((term) => [term, random.next()]));
  const some = fixed.toSorted((a, b) => (order.get(a) ?? 0) - (order.get(b) ?? 0));
  const pieces = Array.from({ length: Math.ceil(count / 2) }, () => termOf(random, texts));
  return [...some.slice(0, Math.ceil(count / 2)), ...pieces];
}

/**
 * Compares each quick find view's result with what its query gives, for so many terms; returns how many were compared and by
 * the index.
 */
export function compareQuickFind(device: Device, random: Random, terms: number) {
  const { model, store, search, queries } = device;
  let [views, searches, byIndex, hits] = [0, 0, 0, 0];
  for (const view of model.savedQueries) {
    const { table } = view;
    if (view.queryType !== queryTypes.quickFind || !store.schema.has(table)) continue;
    if (queries.availability(view).length > 0) continue;
    views += 1;
    const all = queries.run({ view: view.id }, { limit: 300, offset: 0 });
    if (all.kind === 'invalid') throw all.errors[0];
    const texts = all.value.rows.flatMap((row) =>
      Object.values(row.values).flatMap((value) =>
        typeof value === 'string' || typeof value === 'number'
          ? [String(value)]
          : typeof value === 'object' && value !== null && 'name' in value
            ? [String(value.name)]
            : [],
      ),
    );
    for (const term of someTerms(random, terms, texts)) {
      const result = search.query({ table, term, limit: 100 });
      const query = queries.quickFind(table, term);
      const wanted =
        query.kind === 'ok'
          ? queries.run({ query: query.value }, { limit: 100, offset: 0 })
          : query;
      const rows = wanted.kind === 'ok' ? wanted.value.rows.map((row) => row.id) : 'refused';
      const found = result.kind === 'found' ? result.hits.map((hit) => hit.row.id) : 'refused';
      expect([view.name, term, found]).toEqual([view.name, term, rows]);
      if (wanted.kind === 'invalid' || result.kind === 'refused') continue;
      expect(result.total).toBe(wanted.value.total);
      searches += 1;
      hits += result.hits.length;
      if (search.explain({ table, term }).answeredBy === 'index') byIndex += 1;
    }
  }
  return { views, searches, byIndex, hits };
}
