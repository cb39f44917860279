import {
  type BusinessRule,
  type ColumnValue,
  type Condition,
  defineTable,
  type Operand,
  type RuleAction,
  type RuleOperator,
} from '@outpost/model';
import { describe, expect, test } from 'vitest';
import { compileRules, type RuleState } from '../src/index.ts';

const table = defineTable({
  name: 't',
  label: 'T',
  primaryName: 'text',
  ownership: 'user',
  columns: {
    text: { type: 'string' },
    text2: { type: 'string' },
    whole: { type: 'integer' },
    money: { type: 'money', precision: 2 },
    money2: { type: 'money', precision: 2 },
    day: { type: 'dateOnly' },
    day2: { type: 'dateOnly' },
    moment: { type: 'dateTime' },
    moment2: { type: 'dateTime' },
    flag: { type: 'boolean' },
    flag2: { type: 'boolean' },
    choice: {
      type: 'choice',
      options: [1, 2, 3].map((value) => ({ value, label: String(value) })),
    },
    choice2: {
      type: 'choice',
      options: [1, 2, 3].map((value) => ({ value, label: String(value) })),
    },
    who: { type: 'lookup', targets: ['contact'] },
    who2: { type: 'lookup', targets: ['contact'] },
  },
});
const rule = (more: Partial<BusinessRule>): BusinessRule => ({
  id: 'r',
  name: 'Rule',
  table: 't',
  scope: 'allForms',
  state: 'active',
  order: 1,
  branches: [],
  ...more,
});
const hit: RuleAction = { kind: 'visible', column: 'text', visible: false };
const lit = (literal: ColumnValue): Operand => ({ literal });
const holds = (when: Condition, values: Readonly<Record<string, ColumnValue>>): boolean => {
  const { program, diagnostics } = compileRules(
    [rule({ branches: [{ when, then: [hit] }] })],
    table,
    null,
  );
  expect(diagnostics).toEqual([]);
  return program.open(values, 'update').first.visible['text'] === false;
};

const ann = { table: 'contact', id: 'A1' };
const bob = { table: 'contact', id: 'b2' };
/** Column, a column of its type, then value, operator, operand, whether it holds. */
const comparisons: readonly (readonly [
  string,
  string,
  readonly (readonly [ColumnValue, RuleOperator, ColumnValue, boolean])[],
])[] = [
  [
    'text',
    'text2',
    [
      ['Zürich', 'equals', 'zurich', true],
      ['Zürich', 'equals', 'Bern', false],
      ['Zürich', 'notEquals', 'Bern', true],
      ['Zürich', 'notEquals', 'ZÜRICH', false],
      ['Zürich', 'contains', 'URI', true],
      ['Zürich', 'contains', 'x', false],
      ['Zürich', 'notContains', 'x', true],
      ['Zürich', 'notContains', 'ri', false],
      ['Zürich', 'beginsWith', 'zü', true],
      ['Zürich', 'beginsWith', 'ü', false],
      ['Zürich', 'notBeginsWith', 'ü', true],
      ['Zürich', 'notBeginsWith', 'z', false],
      ['Zürich', 'endsWith', 'CH', true],
      ['Zürich', 'endsWith', 'z', false],
      ['Zürich', 'notEndsWith', 'z', true],
      ['Zürich', 'notEndsWith', 'ch', false],
    ],
  ],
  [
    'money',
    'money2',
    [
      [1.5, 'equals', 1.5, true],
      [1.5, 'equals', 1.51, false],
      // As many decimals as the column has.
      [1.501, 'equals', 1.5, true],
      [1.5, 'notEquals', 2, true],
      [1.5, 'notEquals', 1.5, false],
      [2, 'greater', 1.5, true],
      [1.5, 'greater', 1.5, false],
      [1.5, 'greaterOrEqual', 1.5, true],
      [1.49, 'greaterOrEqual', 1.5, false],
      [1, 'less', 1.5, true],
      [1.5, 'less', 1.5, false],
      [1.5, 'lessOrEqual', 1.5, true],
      [1.51, 'lessOrEqual', 1.5, false],
    ],
  ],
  [
    'day',
    'day2',
    [
      ['2026-02-28', 'equals', '2026-02-28', true],
      ['2026-02-28', 'equals', '2026-03-01', false],
      ['2026-02-28', 'notEquals', '2026-03-01', true],
      ['2026-03-01', 'greater', '2026-02-28', true],
      ['2026-02-28', 'greater', '2026-02-28', false],
      ['2026-02-28', 'greaterOrEqual', '2026-02-28', true],
      ['2026-02-27', 'greaterOrEqual', '2026-02-28', false],
      ['2026-02-27', 'less', '2026-02-28', true],
      ['2026-02-28', 'less', '2026-02-28', false],
      ['2026-02-28', 'lessOrEqual', '2026-02-28', true],
      ['2026-03-01', 'lessOrEqual', '2026-02-28', false],
    ],
  ],
  [
    'moment',
    'moment2',
    [
      ['2026-02-28T10:00:00Z', 'equals', '2026-02-28T10:00:00Z', true],
      ['2026-02-28T10:00:01Z', 'equals', '2026-02-28T10:00:00Z', false],
      ['2026-02-28T10:00:01Z', 'greater', '2026-02-28T10:00:00Z', true],
      ['2026-02-28T10:00:01Z', 'less', '2026-02-28T10:00:00Z', false],
    ],
  ],
  [
    'flag',
    'flag2',
    [
      [true, 'equals', true, true],
      [false, 'equals', true, false],
      [false, 'notEquals', true, true],
      [true, 'notEquals', true, false],
    ],
  ],
  [
    'choice',
    'choice2',
    [
      [1, 'equals', 1, true],
      [2, 'equals', 1, false],
      [2, 'notEquals', 1, true],
      [1, 'notEquals', 1, false],
    ],
  ],
  [
    'who',
    'who2',
    [
      [ann, 'equals', { ...ann, id: 'a1', name: 'Ann' }, true],
      [ann, 'equals', bob, false],
      [ann, 'notEquals', bob, true],
      [ann, 'notEquals', ann, false],
    ],
  ],
];

describe('R01: every operator on every type of column', () => {
  const cases = comparisons.flatMap(([column, other, list]) =>
    list.map((one) => [column, other, ...one] as const),
  );
  test.each(cases)('%s (%s): %j %s %j is %j', (column, other, value, op, operand, expected) => {
    const withValue: Condition = { column, op, operands: [lit(operand)] };
    const withColumn: Condition = { column, op, operands: [{ column: other }] };
    expect(holds(withValue, { [column]: value })).toBe(expected);
    expect(holds(withColumn, { [column]: value, [other]: operand })).toBe(expected);
    // An empty side is no answer: the comparison does not hold, whatever the operator.
    expect(holds(withValue, { [column]: null })).toBe(false);
    expect(holds(withColumn, { [column]: value, [other]: null })).toBe(false);
    expect(holds({ column, op, operands: [lit(null)] }, { [column]: value })).toBe(false);
  });

  test.each(comparisons)('%s: emptiness', (column, _, [first]) => {
    const value = first?.[0] ?? null;
    const has: Condition = { column, op: 'hasData', operands: [] };
    const no: Condition = { column, op: 'noData', operands: [] };
    expect([holds(has, { [column]: value }), holds(has, {})]).toEqual([true, false]);
    expect([holds(no, { [column]: value }), holds(no, {})]).toEqual([false, true]);
    expect([holds({ not: has }, {}), holds({ not: no }, {})]).toEqual([true, false]);
  });

  test('one of several operands, and of a negative operator all', () => {
    const either: Condition = { column: 'choice', op: 'equals', operands: [lit(1), lit(2)] };
    const none: Condition = { column: 'choice', op: 'notEquals', operands: [lit(1), lit(2)] };
    expect([1, 2, 3].map((choice) => holds(either, { choice }))).toEqual([true, true, false]);
    expect([1, 2, 3].map((choice) => holds(none, { choice }))).toEqual([false, false, true]);
  });
});

describe('R02: AND and OR, the first true branch, else', () => {
  const yes = (column: string): Condition => ({ column, op: 'equals', operands: [lit(true)] });
  test.each([
    [false, false],
    [false, true],
    [true, false],
    [true, true],
  ])('%s, %s', (flag, flag2) => {
    const both = [yes('flag'), yes('flag2')];
    expect(holds({ all: both }, { flag, flag2 })).toBe(flag && flag2);
    expect(holds({ any: both }, { flag, flag2 })).toBe(flag || flag2);
    expect(holds({ not: { all: both } }, { flag, flag2 })).toBe(!(flag && flag2));
  });

  const level = (choice: number): RuleAction => ({
    kind: 'setValue',
    column: 'choice',
    value: lit(choice),
  });
  const chain = (count: number): BusinessRule =>
    rule({
      branches: Array.from({ length: count }, (_, i) => ({
        when: { column: 'whole', op: 'equals' as const, operands: [lit(i)] },
        then: [{ kind: 'setValue' as const, column: 'money', value: lit(i) }],
      })),
      otherwise: [level(3)],
    });

  test('else-if: ten branches, each its own; an eleventh is refused', () => {
    const ten = compileRules([chain(10)], table, null);
    expect(ten.diagnostics).toEqual([]);
    for (let whole = 0; whole < 10; whole++) {
      expect(ten.program.open({ whole }, 'update').first.values).toEqual({ money: whole });
    }
    expect(ten.program.open({ whole: 10 }, 'update').first.values).toEqual({ choice: 3 });
    expect(compileRules([chain(11)], table, null).diagnostics).toMatchObject([
      { code: 'rule.tooManyBranches' },
    ]);
  });
});

describe('R03: what a rule can do', () => {
  const when: Condition = { column: 'flag', op: 'equals', operands: [lit(true)] };
  const first = (then: readonly RuleAction[], values = {}, mode: 'create' | 'update' = 'update') =>
    compileRules([rule({ branches: [{ when, then }] })], table, null).program.open(
      { flag: true, ...values },
      mode,
    ).first;

  test('set a value, the value of a column, of a formula; clear', () => {
    const set = (value: Operand): RuleAction => ({ kind: 'setValue', column: 'money', value });
    expect(first([set(lit(5))]).values).toEqual({ money: 5 });
    expect(first([set({ column: 'whole' })], { whole: 7 }).values).toEqual({ money: 7 });
    const formula: Operand = { formula: { left: { column: 'whole' }, op: '*', right: lit(1.5) } };
    expect(first([set(formula)], { whole: 7 }).values).toEqual({ money: 10.5 });
    expect(first([{ kind: 'clear', column: 'money' }], { money: 3 }).values).toEqual({
      money: null,
    });
  });

  test('a default goes into an empty column of a new row', () => {
    const then: RuleAction[] = [{ kind: 'setDefault', column: 'whole', value: lit(4) }];
    expect(first(then, {}, 'create').values).toEqual({ whole: 4 });
    expect(first(then, { whole: 1 }, 'create').values).toEqual({});
    expect(first(then, {}, 'update').values).toEqual({});
  });

  test('levels, visibility, locks, messages', () => {
    expect(
      first([
        { kind: 'require', column: 'text', level: 'recommended' },
        { kind: 'visible', column: 'day', visible: false },
        { kind: 'lock', column: 'day2', locked: true },
        { kind: 'error', column: 'whole', message: 'No.' },
      ]),
    ).toMatchObject({
      required: { text: 'recommended' },
      visible: { day: false },
      locked: { day2: true },
      errors: { whole: 'No.' },
    });
  });

  test('a recommendation changes nothing until it is accepted', () => {
    const then: RuleAction[] = [
      {
        kind: 'recommend',
        column: 'whole',
        title: 'Usual',
        text: 'Ten is usual.',
        actions: [{ kind: 'setValue', column: 'whole', value: lit(10) }],
      },
    ];
    const { program } = compileRules([rule({ branches: [{ when, then }] })], table, null);
    const { session, first: loaded } = program.open({ flag: true }, 'update');
    expect(loaded.values).toEqual({});
    const [advice] = loaded.recommendations.added;
    expect(advice).toMatchObject({ column: 'whole', title: 'Usual', text: 'Ten is usual.' });
    expect(session.accept(advice?.id ?? '').values).toEqual({ whole: 10 });
    expect(session.effects.recommendations).toEqual([]);
  });
});

describe('R05: scopes', () => {
  const scoped = (scope: BusinessRule['scope']) =>
    compileRules(
      [
        rule({
          scope,
          branches: [
            {
              when: { column: 'flag', op: 'hasData', operands: [] },
              then: [{ kind: 'error', column: 'flag', message: 'No.' }],
            },
          ],
        }),
      ],
      table,
      { id: 'main', columns: ['flag'] },
    ).program;
  const onForm = (scope: BusinessRule['scope']) =>
    scoped(scope).open({ flag: true }, 'create').first.errors['flag'] === 'No.';
  const atSave = (scope: BusinessRule['scope']) =>
    scoped(scope).runTableScope(null, { flag: true }).kind === 'refused';

  test.each([
    ['table', true, true],
    ['allForms', true, false],
    [{ form: 'main' }, true, false],
    [{ form: 'other' }, false, false],
  ] as const)('%j: on the form %s, at a save %s', (scope, form, save) => {
    expect([onForm(scope), atSave(scope)]).toEqual([form, save]);
  });
});

test('R06: rules run at load and when a column they look at changes, and at no other time', () => {
  const { program } = compileRules(
    [
      rule({
        branches: [{ when: { column: 'flag', op: 'equals', operands: [lit(true)] }, then: [hit] }],
      }),
    ],
    table,
    null,
  );
  const { session } = program.open({}, 'create');
  expect(session.evaluations).toBe(1);
  session.change({ whole: 5, money: 3 });
  expect(session.evaluations).toBe(1);
  session.change({ flag: true });
  expect(session.evaluations).toBe(2);
});

describe('R07: rules go by order of activation', () => {
  const set = (id: string, order: number, from: string, to: string, value: number) =>
    rule({
      id,
      name: `Rule ${id}`,
      order,
      branches: [
        {
          when: { column: from, op: 'hasData', operands: [] },
          then: [{ kind: 'setValue', column: to, value: lit(value) }],
        },
      ],
    });

  test('the later of two that set one column wins, however they are listed', () => {
    const rules = [set('b', 2, 'flag', 'whole', 2), set('a', 1, 'flag', 'whole', 1)];
    for (const list of [rules, [...rules].reverse()]) {
      const { first } = compileRules(list, table, null).program.open({ flag: true }, 'update');
      expect(first.values).toEqual({ whole: 2 });
    }
  });

  test('a value that a rule sets runs the rules that look at it; a circle ends and is reported', () => {
    const chain = [set('b', 2, 'flag', 'whole', 1), set('a', 1, 'whole', 'money', 1)];
    const { first } = compileRules(chain, table, null).program.open({ flag: true }, 'update');
    expect(first.values).toEqual({ whole: 1, money: 1 });
    const count = (id: string, from: string, to: string) =>
      rule({
        id,
        name: `Rule ${id}`,
        branches: [
          {
            when: { column: from, op: 'hasData', operands: [] },
            then: [
              {
                kind: 'setValue',
                column: to,
                value: { formula: { left: { column: from }, op: '+', right: lit(1) } },
              },
            ],
          },
        ],
      });
    const circle = [count('x', 'whole', 'money'), count('y', 'money', 'whole')];
    const endless = compileRules(circle, table, null).program.open({ whole: 1 }, 'update').first;
    expect(endless.diagnostics).toMatchObject([
      { severity: 'error', code: 'rule.cycleLimit', message: expect.stringContaining('Rule x') },
    ]);
  });
});

test('R08: a rule with a column that the form lacks does nothing there, and that is told', () => {
  const { program, diagnostics } = compileRules(
    [rule({ branches: [{ when: { column: 'flag', op: 'hasData', operands: [] }, then: [hit] }] })],
    table,
    { id: 'small', columns: ['flag'] },
  );
  expect(diagnostics).toMatchObject([{ severity: 'warning', code: 'rule.columnNotOnForm' }]);
  expect(program.open({ flag: true }, 'create').first.visible).toEqual({});
});

test('state$ gives the row with everything that is said of it, now and after each change', () => {
  const { program } = compileRules(
    [
      rule({
        branches: [
          {
            when: { column: 'whole', op: 'greater', operands: [lit(5)] },
            then: [
              { kind: 'setValue', column: 'money', value: { column: 'whole' } },
              { kind: 'error', column: 'whole', message: 'Much.' },
            ],
          },
        ],
      }),
    ],
    table,
    null,
  );
  const { session } = program.open({ whole: 1 }, 'update');
  const seen: RuleState[] = [];
  const subscription = session.state$.subscribe((state) => seen.push(state));
  session.change({ whole: 9 });
  session.change({ whole: 2 });
  subscription.unsubscribe();
  session.change({ whole: 7 });
  expect(seen.map(({ values, errors }) => ({ values, errors }))).toEqual([
    { values: { whole: 1, money: null }, errors: {} },
    { values: { whole: 9, money: 9 }, errors: { whole: 'Much.' } },
    { values: { whole: 2, money: 9 }, errors: {} },
  ]);
  let late: RuleState | null = null;
  session.state$.subscribe((state) => {
    late = state;
  });
  expect(late).toMatchObject({ values: { whole: 7, money: 7 }, errors: { whole: 'Much.' } });
});
