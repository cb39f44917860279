import {
  type AppModel,
  type ColumnDefinition,
  defineApp,
  defineTable,
  indexModel,
  parentalCascade,
  type Relationship,
} from '@outpost/model';
import type { Dice } from './dice.ts';

/** A row of the oracle: plain values; lookups as ids, null where nothing is. */
export type Row = Readonly<Record<string, string | number | boolean | readonly number[] | null>>;
export type World = Readonly<Record<string, readonly Row[]>>;

const options = [
  { value: 1, label: 'Hot' },
  { value: 2, label: 'warm' },
  { value: 3, label: 'Änderung' },
  { value: 4, label: 'hot' },
];
const string = { type: 'string', maxLength: 200 } as const satisfies ColumnDefinition;
const lookup = (target: string) => ({ type: 'lookup', targets: [target] }) as const;
const bare = { ownership: 'none', isIntersect: true } as const;

const link = (
  table: string,
  column: string,
  target: string,
  hierarchical = false,
): Relationship => ({
  kind: 'manyToOne',
  name: `${table}_${column}`,
  table,
  column,
  target,
  cascade: parentalCascade,
  ...(hierarchical ? { hierarchical } : {}),
});

export const model: AppModel = defineApp({
  name: 'Oracle',
  uniqueName: 'oracle',
  tables: [
    defineTable({
      name: 'person',
      label: 'Person',
      primaryName: 'name',
      ...bare,
      columns: {
        name: string,
        city: string,
        age: { type: 'integer' },
        score: { type: 'decimal', precision: 2 },
        born: { type: 'dateOnly' },
        seen: { type: 'dateTime' },
        clock: { type: 'dateTime', behavior: 'timeZoneIndependent' },
        vip: { type: 'boolean' },
        level: { type: 'choice', options },
        tags: { type: 'choices', options },
        bossid: lookup('person'),
        homeid: lookup('place'),
      },
    }),
    defineTable({
      name: 'place',
      label: 'Place',
      primaryName: 'title',
      ...bare,
      columns: { title: string, zone: { type: 'integer' }, keeperid: lookup('person') },
    }),
    defineTable({
      name: 'visit',
      label: 'Visit',
      primaryName: 'note',
      ...bare,
      columns: {
        note: string,
        personid: lookup('person'),
        placeid: lookup('place'),
        cost: { type: 'money', precision: 2 },
        at: { type: 'dateTime' },
      },
    }),
  ],
  relationships: [
    link('person', 'bossid', 'person', true),
    link('person', 'homeid', 'place'),
    link('place', 'keeperid', 'person'),
    link('visit', 'personid', 'person'),
    link('visit', 'placeid', 'place'),
  ],
});
export const index: ReturnType<typeof indexModel> = indexModel(model);

export const id = (table: number, n: number): string =>
  `0000000${table}-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;

export const texts = [
  'Graz',
  'GRAZ',
  'gräz',
  'Łódź',
  'lodz',
  'Straße',
  'strasse',
  'a%b',
  'a_b',
  '[x]',
  '10',
  '9',
  'ab',
  'abc',
  '😀 smile',
  '\u{1F600}z',
  '\uFFFDx',
  'É',
  'e\u0301',
  'x-y',
  '^',
  ']',
  'Zürich',
] as const;
const dates = [
  '2025-12-31',
  '2026-01-01',
  '2026-02-28',
  '2026-03-07',
  '2026-03-08',
  '2026-03-09',
  '2026-03-29',
  '2026-06-30',
  '2026-07-01',
  '2024-02-29',
] as const;
export const instants = [
  '2025-12-31T23:59:59Z',
  '2026-01-01T00:00:00Z',
  '2026-03-08T06:59:59Z',
  '2026-03-08T07:00:00Z',
  '2026-03-08T18:29:59Z',
  '2026-03-08T18:30:00Z',
  '2026-03-09T03:59:59Z',
  '2026-03-09T04:00:00Z',
  '2026-03-07T04:59:59Z',
  '2026-03-01T05:00:00Z',
  '2026-02-28T12:00:00Z',
  '2026-04-01T03:59:59Z',
  '2026-07-01T00:00:00Z',
  '2025-03-08T12:00:00Z',
  '2024-02-29T12:00:00Z',
  '2026-03-08T12:00:00Z',
] as const;
export { dates };

export function makeWorld(dice: Dice): World {
  const counts = { person: dice.int(2, 12), place: dice.int(1, 6), visit: dice.int(0, 14) };
  const some = <T>(make: () => T): T | null => (dice.chance(0.25) ? null : make());
  const other = (table: number, count: number) =>
    some(() => id(table, dice.int(1, count + (dice.chance(0.1) ? 3 : 0))));
  const rows = (count: number, make: (n: number) => Row) =>
    Array.from({ length: count }, (_, i) => make(i + 1));
  return {
    person: rows(counts.person, (n) => ({
      personid: id(1, n),
      name: some(() => dice.pick(texts)),
      city: some(() => dice.pick(texts)),
      age: some(() => dice.int(-2, 12)),
      score: some(() => dice.int(-30, 300) / 100),
      born: some(() => dice.pick(dates)),
      seen: some(() => dice.pick(instants)),
      clock: some(() => dice.pick(instants)),
      vip: some(() => dice.chance(0.5)),
      level: some(() => dice.int(1, 4)),
      tags: some(() => [...new Set([dice.int(1, 4), dice.int(1, 4)])].sort()),
      bossid: other(1, counts.person),
      homeid: other(2, counts.place),
    })),
    place: rows(counts.place, (n) => ({
      placeid: id(2, n),
      title: some(() => dice.pick(texts)),
      zone: some(() => dice.int(0, 3)),
      keeperid: other(1, counts.person),
    })),
    visit: rows(counts.visit, (n) => ({
      visitid: id(3, n),
      note: some(() => dice.pick(texts)),
      personid: other(1, counts.person),
      placeid: other(2, counts.place),
      cost: some(() => dice.int(0, 5000) / 100),
      at: some(() => dice.pick(instants)),
    })),
  };
}
