import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Column,
  cellsToValue,
  columnSlots,
  compareCodePoints,
  defineColumn,
  fold,
  formatValue,
  parseValue,
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

  test('never throws, whatever the input', () => {
    const types = [
      'string',
      'integer',
      'money',
      'boolean',
      'choice',
      'choices',
      'dateTime',
      'dateOnly',
      'lookup',
      'guid',
      'file',
    ] as const;
    fc.assert(
      fc.property(
        fc.constantFrom(...types),
        fc.anything({ withNullPrototype: false }),
        (type, input) => {
          const target = column('c', { type });
          let text = '';
          try {
            text = String(input);
          } catch {
            return; // A value that cannot be turned into text cannot come from a parser.
          }
          expect(text).toBeTypeOf('string');
          expect(['value', 'invalid']).toContain(parseValue(target, input).kind);
        },
      ),
    );
  });
});

test('a value survives its stored form, for every column type', () => {
  const cases = fc.oneof(
    fc.record({
      column: fc.constant(column('t', { type: 'string' })),
      value: fc.string({ minLength: 1 }),
    }),
    fc.record({ column: fc.constant(column('n', { type: 'integer' })), value: fc.integer() }),
    fc.record({ column: fc.constant(column('b', { type: 'boolean' })), value: fc.boolean() }),
    fc.record({
      column: fc.constant({ ...rating, type: 'choices' as const }),
      value: fc.constantFrom([1], [1, 3]),
    }),
    fc.record({
      column: fc.constant(column('o', { type: 'owner', targets: ['systemuser', 'team'] })),
      value: fc.record({ table: fc.constantFrom('systemuser', 'team'), id: fc.uuid() }),
    }),
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
  expect(formatValue(column('d', { type: 'dateOnly' }), '2026-03-01', options)).toBe('3/1/26');
  expect(
    formatValue(
      column('l', { type: 'lookup', targets: ['a'] }),
      { table: 'a', id: 'x', name: 'Ana' },
      options,
    ),
  ).toBe('Ana');
});
