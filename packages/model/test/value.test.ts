import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Column,
  type ColumnType,
  type ColumnValue,
  cellsToValue,
  columnSlots,
  compareCodePoints,
  compareValues,
  defineColumn,
  defineTable,
  equalValues,
  fitStatus,
  fold,
  formatValue,
  parseValue,
  type RowValues,
  valueToCells,
} from '../src/index.ts';

const column = (name: string, definition: Parameters<typeof defineColumn>[1]): Column =>
  defineColumn(name, definition);
const rating = column('rating', {
  type: 'choice',
  label: 'Rating',
  options: [
    { value: 1, label: 'Hot' },
    { value: 3, label: 'Cold' },
  ],
});

const row = (...tables: readonly string[]) =>
  fc.record({ table: fc.constantFrom(...tables), id: fc.uuid() });
const text = fc.string({ minLength: 1 });
const number = fc.double({ noNaN: true, noDefaultInfinity: true });
const option = fc.constantFrom(1, 3);
const moment = fc.constantFrom('2026-02-28T10:00:00Z', '1999-12-31T23:59:59Z');
/** Values of a column, by its type. */
const valuesOf: Readonly<Record<ColumnType, fc.Arbitrary<ColumnValue>>> = {
  string: text,
  memo: text,
  integer: fc.integer(),
  bigint: fc.maxSafeInteger(),
  decimal: number,
  double: number,
  money: number,
  boolean: fc.boolean(),
  choice: option,
  choices: fc.constantFrom([1], [1, 3]),
  state: option,
  status: option,
  dateTime: moment,
  dateOnly: fc.constantFrom('2026-02-28', '1999-12-31'),
  lookup: row('account'),
  customer: row('account', 'contact'),
  owner: row('systemuser', 'team'),
  partyList: fc.array(row('contact', 'systemuser'), { minLength: 1, maxLength: 3 }),
  guid: fc.uuid(),
  image: fc.constantFrom('iVBORw0KGgo=', 'AAAA'),
  file: fc.uuid(),
};
const targets: Readonly<Partial<Record<ColumnType, readonly string[]>>> = {
  lookup: ['account'],
  customer: ['account', 'contact'],
  owner: ['systemuser', 'team'],
  partyList: ['contact', 'systemuser'],
};
/** A column of each type. */
const allTypes = (Object.keys(valuesOf) as ColumnType[]).map(
  (type): Column => ({
    name: type,
    label: `A ${type}`,
    required: 'none',
    type,
    ...(['choice', 'choices', 'state', 'status'].includes(type) && rating.options
      ? { options: rating.options }
      : {}),
    ...(targets[type] === undefined ? {} : { targets: targets[type] }),
  }),
);

describe('parseValue', () => {
  test.each([
    ['a choice by label', rating, 'hot', 1],
    ['a choice by number', rating, '3', 3],
    ['an integer', column('n', { type: 'integer' }), ' 42 ', 42],
    ['money rounded to its precision', column('m', { type: 'money', precision: 2 }), '1.239', 1.24],
    ['a boolean word', column('b', { type: 'boolean' }), 'Yes', true],
    ['a date', column('d', { type: 'dateOnly' }), '2026-02-28', '2026-02-28'],
    [
      'a date-time with offset',
      column('d', { type: 'dateTime' }),
      '2026-01-01T10:00+02:00',
      '2026-01-01T08:00:00Z',
    ],
    ['empty text', column('s', { type: 'string' }), '', null],
    ['options in order', { ...rating, type: 'choices' as const }, 'Cold;Hot', [1, 3]],
  ])('accepts %s', (_, target, input, expected) => {
    expect(parseValue(target, input)).toEqual({ kind: 'value', value: expected });
  });

  test.each([
    ['an unknown option', rating, 'Lukewarm', '0x8004431a'],
    ['a long text', column('s', { type: 'string', maxLength: 3 }), 'abcd', '0x80044331'],
    ['a character that no database stores', column('s', { type: 'string' }), 'a\0b', '0x80040203'],
    ['a fraction in an integer', column('n', { type: 'integer' }), '1.5', '0x8004432f'],
    ['a number out of range', column('n', { type: 'integer', max: 5 }), 6, '0x8004432f'],
    ['a day that does not exist', column('d', { type: 'dateOnly' }), '2026-02-30', '0x80040203'],
    [
      'a lookup to another table',
      column('l', { type: 'lookup', targets: ['account'] }),
      { table: 'contact', id: '00000000-0000-0000-0000-000000000001' },
      '0x80040203',
    ],
  ])('refuses %s with its Dataverse code', (_, target, input, code) => {
    expect(parseValue(target, input)).toMatchObject({ kind: 'invalid', code });
  });

  test('whatever the input, it is refused with a code, or a value that is itself when parsed again', () => {
    const met = { value: 0, invalid: 0 };
    const anything = fc.anything({ withNullPrototype: true, withBigInt: true });
    const rows = fc.record(
      {
        table: fc.oneof(fc.constantFrom('account', 'contact'), anything),
        id: fc.oneof(fc.uuid(), anything),
        name: fc.oneof(fc.string({ unit: 'binary' }), anything),
      },
      { requiredKeys: [] },
    );
    const text = fc.constantFrom('', ' ', '7', 'hot', '2026-02-28', '2026-02-28 10:00', 'yes', 'x');
    fc.assert(
      fc.property(
        fc.constantFrom(...allTypes),
        fc.oneof(text, fc.uuid(), anything, rows, fc.array(rows, { maxLength: 2 })),
        (target, input) => {
          const parsed = parseValue(target, input);
          met[parsed.kind] += 1;
          const again = parsed.kind === 'value' ? parseValue(target, parsed.value) : parsed;
          const refusal = {
            kind: 'invalid',
            column: target.name,
            code: expect.stringMatching(/^0x8004[0-9a-f]{4}$/),
            message: expect.stringContaining(target.label),
          };
          expect(again).toEqual(parsed.kind === 'value' ? parsed : refusal);
        },
      ),
      { numRuns: 2000 },
    );
    expect(Math.min(met.value, met.invalid)).toBeGreaterThan(100);
  });

  test.each([
    ['an object that has no text', { toString: 5 }],
    ['an object without a prototype', Object.create(null)],
    ['a list of them', [{ toString: 5 }]],
    ['blanks, which are no zero', '  '],
    ['a list of a list', [[0]]],
  ])('refuses %s as an option, of a list that is known or not', (_, input) => {
    for (const type of ['choice', 'choices', 'state'] as const) {
      for (const options of [undefined, [{ value: 0, label: 'Zero' }]]) {
        const target: Column = {
          name: 'c',
          label: 'C',
          required: 'none',
          type,
          ...(options && { options }),
        };
        expect([type, parseValue(target, input)]).toMatchObject([type, { kind: 'invalid' }]);
      }
    }
  });
});

test('a value survives its stored form, for every column type', () => {
  const cases = fc.oneof(
    ...allTypes.map((target) =>
      fc.record({ column: fc.constant(target), value: valuesOf[target.type] }),
    ),
  );
  fc.assert(
    fc.property(cases, ({ column: target, value }) => {
      const cells = valueToCells(target, value);
      expect(Object.keys(cells).sort()).toEqual(
        columnSlots(target)
          .map((slot) => slot.name)
          .sort(),
      );
      expect(cellsToValue(target, (slot) => cells[slot] ?? null)).toEqual(value);
    }),
  );
});

test('fold ignores case and accents and is idempotent', () => {
  expect(fold('STRASSE')).toBe(fold('Straße'));
  expect(fold('Łódź Ærø')).toBe('lodz aero');
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => fold(fold(text)) === fold(text)));
});

test('texts compare by code point', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
      const bytes = Buffer.compare(Buffer.from(a), Buffer.from(b));
      expect(Math.sign(compareCodePoints(a, b))).toBe(bytes);
    }),
  );
});

test('values read as a person expects', () => {
  const options = { locale: 'en-US', timeZone: 'Europe/Berlin' };
  expect(formatValue(rating, 1, options)).toBe('Hot');
  expect(formatValue(column('m', { type: 'money' }), 1234.5, options)).toBe('1,234.50');
  expect(formatValue(column('d', { type: 'dateOnly' }), '2026-03-01', options)).toBe('3/1/2026');
  expect(
    formatValue(
      column('l', { type: 'lookup', targets: ['a'] }),
      { table: 'a', id: 'x', name: 'Ana' },
      options,
    ),
  ).toBe('Ana');
});

describe('numbers', () => {
  const parse = (type: ColumnType, input: unknown, more: Partial<Column> = {}) =>
    parseValue({ name: 'n', label: 'N', required: 'none', type, ...more }, input);
  test.each([
    ['integer', 2_147_483_647, 2_147_483_648],
    ['integer', -2_147_483_648, -2_147_483_649],
    ['decimal', 100_000_000_000, 100_000_000_001],
    ['double', -100_000_000_000, -100_000_000_001],
    ['money', 922_337_203_685_477, 922_337_203_685_478],
    ['bigint', Number.MAX_SAFE_INTEGER, 2 ** 60],
  ] as const)('%s may be %s and not %s', (type, inside, outside) => {
    expect(parse(type, inside)).toEqual({ kind: 'value', value: inside });
    expect(parse(type, outside)).toMatchObject({
      kind: 'invalid',
      code: expect.stringMatching(/^0x8004/),
    });
  });

  test('a column keeps its precision; more than 15 digits do not survive a double and are refused', () => {
    expect(parse('decimal', '1.23456', { precision: 2 })).toMatchObject({ value: 1.23 });
    expect(parse('money', 1.00005)).toMatchObject({ value: 1.0001 });
    expect(parse('double', '-0.0000001')).toMatchObject({ value: 0 });
    expect(parse('decimal', '12345678901.1234567')).toMatchObject({
      kind: 'invalid',
      code: '0x80044330',
    });
    expect(parse('decimal', '12345.6789')).toMatchObject({ value: 12_345.6789 });
  });
});

describe('dates and times', () => {
  const at = (more: Partial<Column> = {}): Column => ({
    name: 'd',
    label: 'D',
    required: 'none',
    type: 'dateTime',
    ...more,
  });
  const parse = (input: string, timeZone: string, more: Partial<Column> = {}) => {
    const parsed = parseValue(at(more), input, { timeZone });
    return parsed.kind === 'value' ? parsed.value : parsed.message;
  };

  test('without an offset they are meant in the time zone of the user', () => {
    expect(parse('2026-01-15 08:30', 'Europe/Berlin')).toBe('2026-01-15T07:30:00Z');
    expect(parse('2026-07-15 08:30', 'Europe/Berlin')).toBe('2026-07-15T06:30:00Z');
    expect(parse('2026-07-15 08:30', 'Asia/Kolkata')).toBe('2026-07-15T03:00:00Z');
    expect(parse('2026-07-15T08:30:00+02:00', 'Asia/Kolkata')).toBe('2026-07-15T06:30:00Z');
    expect(parse('2026-07-15T08:30:00Z', 'Asia/Kolkata')).toBe('2026-07-15T08:30:00Z');
  });

  test('an hour left out by summer time moves on; of an hour that comes twice the first is meant', () => {
    expect(parse('2026-03-29 02:30', 'Europe/Berlin')).toBe('2026-03-29T01:30:00Z');
    expect(parse('2026-10-25 02:30', 'Europe/Berlin')).toBe('2026-10-25T00:30:00Z');
  });

  test('read back in the same zone, every time is what was typed', () => {
    const zones = [
      'UTC',
      'Europe/Berlin',
      'America/New_York',
      'Asia/Kathmandu',
      'Pacific/Apia',
      'Australia/Lord_Howe',
    ];
    const formats = new Map(
      zones.map((timeZone) => [
        timeZone,
        new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium' }),
      ]),
    );
    const clockOf = (instant: number, timeZone: string) =>
      String(formats.get(timeZone)?.format(instant)).replace(' ', 'T');
    /** Every offset that a zone may have, in steps of a quarter of an hour. */
    const offsets = Array.from({ length: 26 * 4 + 1 }, (_, i) => i / 4 - 12);
    const met = { shown: 0, leftOut: 0 };
    const day = fc.oneof(
      fc.date({ min: new Date('1990-01-01'), max: new Date('2040-01-01'), noInvalidDate: true }),
      // In the hour that summer time leaves out in Berlin, New York and on Lord Howe Island; in a day that Apia skipped.
      ...['2026-03-29T02', '2026-03-08T02', '2026-10-04T02', '2011-12-30T10'].map((hour) =>
        fc
          .integer({ min: 0, max: 59 })
          .map((minute) => new Date(`${hour}:${String(minute).padStart(2, '0')}Z`)),
      ),
    );
    fc.assert(
      fc.property(day, fc.constantFrom(...zones), (date, timeZone) => {
        const typed = date.toISOString().slice(0, 19);
        const stored = parse(typed, timeZone);
        const shown = clockOf(Date.parse(String(stored)), timeZone);
        // A time that summer time leaves out, or a day that a zone has skipped, is nowhere on its clock.
        const instants = offsets.map((hours) => Date.parse(`${typed}Z`) - hours * 3_600_000);
        const exists = instants.some((one) => clockOf(one, timeZone) === typed);
        met[exists ? 'shown' : 'leftOut'] += 1;
        const later = Date.parse(`${shown}Z`) - Date.parse(`${typed}Z`);
        const gaps = [1_800_000, 3_600_000, 86_400_000];
        expect([typed, gaps.includes(later) ? 'moved on' : later]).toEqual([
          typed,
          exists ? 0 : 'moved on',
        ]);
      }),
      { numRuns: 400 },
    );
    expect(Math.min(met.shown, met.leftOut), JSON.stringify(met)).toBeGreaterThan(10);
  });

  test('a time-zone independent time is the same everywhere; a date has no time', () => {
    const independent = { behavior: 'timeZoneIndependent' } as const;
    expect(parse('2026-07-15 08:30', 'Asia/Kolkata', independent)).toBe('2026-07-15T08:30:00Z');
    const shown = (column: Column, timeZone: string) =>
      formatValue(column, '2026-07-15T23:30:00Z', { locale: 'en-GB', timeZone });
    expect(shown(at(independent), 'Asia/Kolkata')).toBe('15/07/2026 23:30');
    expect(shown(at(), 'Asia/Kolkata')).toBe('16/07/2026 05:00');
    expect(shown(at({ format: 'date' }), 'Asia/Kolkata')).toBe('16/07/2026');
    expect(parse('2026-07-15 08:30', 'Asia/Kolkata', { type: 'dateOnly' })).toBe('2026-07-15');
  });

  test.each([
    '1752-12-31',
    '2026-02-30',
    '2026-01-01 25:00',
    '2026-01-01 10:61',
    'soon',
    '2026-13-01',
  ])('%s is refused', (input) => {
    expect(parseValue(at(), input)).toMatchObject({ kind: 'invalid', code: '0x80040203' });
  });
});

describe('money', () => {
  const column = (more: Partial<Column> = {}): Column => ({
    name: 'm',
    label: 'M',
    required: 'none',
    type: 'money',
    ...more,
  });
  const show = (one: Column, code = 'EUR', precision = 2) =>
    formatValue(one, 1234.5678, {
      locale: 'en-US',
      timeZone: 'UTC',
      currency: { code, precision },
      organizationPrecision: 1,
    });
  test('has the decimals of its column, of the organization, or of its currency', () => {
    expect(show(column({ precision: 3 }))).toBe('€1,234.568');
    expect(show(column({ precisionSource: 'organization' }))).toBe('€1,234.6');
    expect(show(column({ precisionSource: 'currency' }), 'JPY', 0)).toBe('¥1,235');
    expect(formatValue(column(), 5, { locale: 'de-DE', timeZone: 'UTC' })).toBe('5,00');
  });
});

describe('parties, images and files', () => {
  const to: Column = {
    name: 'to',
    label: 'To',
    required: 'none',
    type: 'partyList',
    targets: ['contact', 'systemuser'],
  };
  const ana = { table: 'contact', id: '00000000-0000-4000-8000-000000000001', name: 'Ana' };
  test('a party list holds rows of its tables once each, and survives storage', () => {
    const parsed = parseValue(to, [
      ana,
      { ...ana, name: 'again' },
      { table: 'systemuser', id: '00000000-0000-4000-8000-000000000002' },
    ]);
    if (parsed.kind !== 'value') throw new Error(parsed.message);
    expect(parsed.value).toHaveLength(2);
    const cells = valueToCells(to, parsed.value);
    expect(cellsToValue(to, (slot) => cells[slot] ?? null)).toEqual(parsed.value);
    expect(formatValue(to, parsed.value, { locale: 'en', timeZone: 'UTC' })).toBe(
      'Ana; 00000000-0000-4000-8000-000000000002',
    );
    expect(equalValues(parsed.value, [...(parsed.value as [])].reverse())).toBe(true);
    expect(parseValue(to, [{ table: 'account', id: ana.id }])).toMatchObject({ kind: 'invalid' });
    expect(parseValue(to, [])).toEqual({ kind: 'value', value: null });
    expect(cellsToValue(to, () => 'damaged')).toBe(null);
  });
  test('a file is named by the id of its content', () => {
    expect(parseValue({ ...to, type: 'file' }, ana.id.toUpperCase())).toEqual({
      kind: 'value',
      value: ana.id,
    });
    expect(parseValue({ ...to, type: 'file' }, 'x')).toMatchObject({ kind: 'invalid' });
  });
  test('an image is its content in Base64, at most 10 MB', () => {
    const image: Column = { ...to, type: 'image' };
    expect(parseValue(image, 'iVBORw0KGgo=')).toEqual({ kind: 'value', value: 'iVBORw0KGgo=' });
    for (const wrong of ['not base64', 'abc', 'a===', 7]) {
      expect(parseValue(image, wrong)).toMatchObject({ kind: 'invalid', column: 'to' });
    }
    const large = 'A'.repeat(14 * 1024 * 1024);
    expect(parseValue(image, large)).toMatchObject({
      message: expect.stringContaining('larger than 10 MB'),
    });
  });
});

describe('comparing values', () => {
  const column = (type: ColumnType, more: Partial<Column> = {}): Column => ({
    name: 'c',
    label: 'C',
    required: 'none',
    type,
    ...more,
  });
  const rating = column('choice', {
    options: [
      { value: 1, label: 'Warm' },
      { value: 2, label: 'Cold' },
    ],
  });
  const lookup = (name: string) => ({ table: 'account', id: name, name });
  test.each([
    [column('string'), [null, 'Ägypten', 'albanien', 'Zypern']],
    [column('integer'), [null, -5, 0, 12]],
    [rating, [null, 2, 1]],
    [column('lookup'), [null, lookup('abc'), lookup('Äbd'), lookup('x')]],
    [column('boolean'), [null, false, true]],
    [column('dateOnly'), [null, '1999-12-31', '2026-01-01']],
  ] as const)('$type', (one, ordered) => {
    const values = ordered as readonly ColumnValue[];
    for (const [i, a] of values.entries()) {
      for (const [j, b] of values.entries()) {
        expect(Math.sign(compareValues(one, a, b))).toBe(Math.sign(i - j));
      }
    }
  });
});

test('a status fits its state: given alone, each brings the other', () => {
  const table = defineTable({
    name: 't',
    label: 'T',
    primaryName: null,
    ownership: 'user',
    columns: {},
  });
  const fit = (given: RowValues, before: RowValues | null = { statecode: 0, statuscode: 1 }) =>
    fitStatus(table, { ...before, ...given }, given, before);
  expect(fit({ statecode: 1 })).toEqual({ add: { statuscode: 2 }, error: null });
  expect(fit({ statuscode: 2 })).toEqual({ add: { statecode: 1 }, error: null });
  expect(fit({ statecode: 0 })).toEqual({ add: {}, error: null });
  expect(fit({ statecode: 1, statuscode: 1 }).error).toMatchObject({ code: '0x80048408' });
});
