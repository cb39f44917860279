import { type BusinessRule, type Condition, defineTable, type RuleAction } from '@outpost/model';
import { describe, expect, test } from 'vitest';
import { compileRules, type RuleOptions } from '../src/index.ts';

const loan = defineTable({
  name: 'loan',
  label: 'Loan',
  primaryName: 'name',
  ownership: 'user',
  columns: {
    name: { type: 'string', maxLength: 20 },
    kind: {
      type: 'choice',
      options: [
        { value: 1, label: 'Short' },
        { value: 2, label: 'Long' },
      ],
    },
    amount: { type: 'money', precision: 2, min: 0 },
    rate: { type: 'decimal', precision: 1 },
    years: { type: 'integer' },
    start: { type: 'dateOnly' },
    end: { type: 'dateOnly' },
    signed: { type: 'dateTime' },
    total: { type: 'money', precision: 2 },
    created: { type: 'dateTime', readOnly: true },
    agent: { type: 'lookup', targets: ['contact'] },
    ok: { type: 'boolean' },
    papers: { type: 'file' },
  },
});
const is = (column: string, literal: string | number | boolean): Condition => ({
  column,
  op: 'equals',
  operands: [{ literal }],
});
const rule = (
  id: string,
  when: Condition,
  then: readonly RuleAction[],
  more: Partial<BusinessRule> = {},
): BusinessRule => ({
  id,
  name: `Rule ${id}`,
  table: 'loan',
  scope: 'table',
  state: 'active',
  order: Number.parseInt(id, 36),
  branches: [{ when, then }],
  ...more,
});
const open = (rules: readonly BusinessRule[], values = {}, options: RuleOptions = {}) =>
  compileRules(rules, loan, null, options).program.open(values, 'create');

describe('formulas', () => {
  test.each([
    [{ amount: 10.05, rate: 2 }, { total: 20.1 }],
    [{ amount: 10.004, rate: 1 }, { total: 10 }],
    [{ amount: null, rate: 2 }, {}],
    [{ amount: null, rate: 2, total: 5 }, { total: null }],
  ])('%o gives %o', (values, written) => {
    const product = {
      formula: { left: { column: 'amount' }, op: '*', right: { column: 'rate' } },
    } as const;
    const set = rule('1', is('kind', 1), [{ kind: 'setValue', column: 'total', value: product }]);
    expect(open([set], { kind: 1, ...values }).first.values).toEqual(written);
  });

  test('days are added to dates; a division by zero is empty', () => {
    const later = {
      formula: { left: { column: 'start' }, op: '+', right: { column: 'years' } },
    } as const;
    const split = {
      formula: { left: { column: 'amount' }, op: '/', right: { column: 'years' } },
    } as const;
    const rules = [
      rule('1', is('kind', 1), [
        { kind: 'setValue', column: 'end', value: later },
        { kind: 'setValue', column: 'total', value: split },
      ]),
    ];
    const { first, session } = open(rules, { kind: 1, start: '2028-02-28', years: 2, amount: 5 });
    expect(first.values).toEqual({ end: '2028-03-01', total: 2.5 });
    expect(session.change({ years: 0 }).values).toEqual({ end: '2028-02-28', total: null });
  });
});

test('explain names the rule, its inputs, and the rules it overrides', () => {
  const rules = [
    rule('1', is('kind', 2), [{ kind: 'require', column: 'agent', level: 'none' }]),
    rule('2', { column: 'amount', op: 'greater', operands: [{ literal: 1000 }] }, [
      { kind: 'require', column: 'agent', level: 'required' },
      { kind: 'error', column: 'amount', message: 'Too much.' },
      { kind: 'setValue', column: 'ok', value: { literal: false } },
    ]),
  ];
  const { session } = open(rules, { kind: 2, amount: 5000 });
  expect(session.explain('agent')).toEqual({
    column: 'agent',
    value: null,
    writtenBy: null,
    required: {
      rule: 'Rule 2',
      branch: 0,
      value: 'required',
      inputs: { amount: 5000 },
      overrides: ['Rule 1'],
    },
    visible: null,
    locked: null,
    error: null,
  });
  expect(session.explain('amount').error).toMatchObject({ rule: 'Rule 2', value: 'Too much.' });
  expect(session.explain('ok')).toMatchObject({ value: false, writtenBy: { rule: 'Rule 2' } });
  session.change({ ok: true });
  expect(session.explain('ok').writtenBy).toBeNull();
  expect(session.explain('start')).toMatchObject({ required: null, value: null });
});

test('whyNot tells which comparison failed with which values', () => {
  const rules = [
    rule(
      '1',
      { all: [is('kind', 1), { column: 'amount', op: 'less', operands: [{ column: 'total' }] }] },
      [{ kind: 'lock', column: 'rate', locked: true }],
    ),
    rule('2', is('kind', 1), [{ kind: 'clear', column: 'rate' }], { state: 'draft' }),
    rule('3', is('kind', 1), [{ kind: 'clear', column: 'nope' }]),
  ];
  const { session } = open(rules, { kind: 1, amount: 9, total: 3 });
  expect(session.whyNot('1')).toEqual({
    rule: 'Rule 1',
    state: 'noBranch',
    branch: null,
    missing: [],
    branches: [
      [
        { column: 'kind', op: 'equals', value: 1, operands: [1], holds: true },
        { column: 'amount', op: 'less', value: 9, operands: [3], holds: false },
      ],
    ],
  });
  expect(session.whyNot('2').state).toBe('draft');
  expect(session.whyNot('3').state).toBe('invalid');
  expect(session.whyNot('9').state).toBe('unknown');
  session.change({ total: 10 });
  expect(session.whyNot('1')).toMatchObject({ state: 'chosen', branch: 0 });
});

describe('options', () => {
  const locks = rule('1', is('kind', 1), [{ kind: 'lock', column: 'rate', locked: true }]);

  test('what a rule said stays until it says something else; `auto` takes it back', () => {
    const sticky = open([locks], { kind: 1 }).session;
    expect(sticky.change({ kind: 2 }).locked).toEqual({});
    const auto = open([locks], { kind: 1 }, { reversal: 'auto' }).session;
    expect(auto.change({ kind: 2 }).locked).toEqual({ rate: null });
    expect(auto.effects.locked).toEqual({});
  });

  test('`dataverse` runs once in order; what a rule writes triggers nothing', () => {
    const rules = [
      rule('1', is('ok', true), [{ kind: 'setValue', column: 'kind', value: { literal: 1 } }]),
      rule('2', is('kind', 1), [{ kind: 'lock', column: 'rate', locked: true }]),
    ];
    expect(open(rules).session.change({ ok: true }).locked).toEqual({ rate: true });
    const once = open(rules, {}, { chaining: 'dataverse' }).session;
    expect(once.change({ ok: true })).toMatchObject({ values: { kind: 1 }, locked: {} });
  });

  test('a message about a value that the same branch clears stays until the user changes it', () => {
    const late = rule('1', { column: 'end', op: 'less', operands: [{ column: 'start' }] }, [
      { kind: 'error', column: 'end', message: 'Ends before it starts.' },
      { kind: 'clear', column: 'end' },
    ]);
    const { session } = open([late], { start: '2026-05-01' });
    const diff = session.change({ end: '2026-04-01' });
    expect(diff).toMatchObject({
      values: { end: null },
      errors: { end: 'Ends before it starts.' },
    });
    expect(session.change({ end: '2026-06-01' }).errors).toEqual({ end: null });
  });

  test('notEquals and emptiness; required levels at a save', () => {
    const other: Condition = { column: 'kind', op: 'notEquals', operands: [{ literal: 1 }] };
    const rules = [rule('1', other, [{ kind: 'require', column: 'agent', level: 'required' }])];
    const refuses = (options: RuleOptions) =>
      compileRules(rules, loan, null, options).program.runTableScope(null, {}).kind;
    expect(refuses({})).toBe('accepted');
    expect(refuses({ emptyNotEquals: true })).toBe('refused');
    expect(refuses({ emptyNotEquals: true, requiredOnServer: false })).toBe('accepted');
  });

  test('equal rules have equal versions, others have others', () => {
    const version = (rules: readonly BusinessRule[]) =>
      compileRules(rules, loan, null).program.ruleVersion;
    expect(version([locks])).toBe(version([{ ...locks }]));
    expect(version([locks])).not.toBe(version([{ ...locks, order: 7 }]));
  });
});

describe('a faulty rule is reported with its place and never runs', () => {
  const set = (column: string, value: unknown): RuleAction =>
    ({ kind: 'setValue', column, value }) as RuleAction;
  const when = is('kind', 1);
  const formula = (left: object, op: string, right: object) => ({ formula: { left, op, right } });
  test.each([
    ['operatorNotForType', { column: 'name', op: 'greater', operands: [{ literal: 'a' }] }, null],
    ['operatorNotForType', { column: 'agent', op: 'contains', operands: [{ literal: 'a' }] }, null],
    ['unsupportedColumn', { column: 'papers', op: 'hasData', operands: [] }, null],
    ['unknownColumn', { column: 'amount', op: 'less', operands: [{ column: 'nope' }] }, null],
    ['typeMismatch', { column: 'amount', op: 'less', operands: [{ literal: '5' }] }, null],
    ['typeMismatch', { column: 'amount', op: 'less', operands: [{ column: 'start' }] }, null],
    ['typeMismatch', { column: 'amount', op: 'less', operands: [] }, null],
    ['typeMismatch', { column: 'start', op: 'less', operands: [{ literal: 'soon' }] }, null],
    ['typeMismatch', { column: 'ok', op: 'equals', operands: [{ literal: 1 }] }, null],
    ['unknownOption', { column: 'kind', op: 'equals', operands: [{ literal: 9 }] }, null],
    ['noCondition', { all: [] }, null],
    ['unknownColumn', when, set('nope', { literal: 1 })],
    ['typeMismatch', when, set('amount', { literal: 'much' })],
    ['literalOutOfRange', when, set('amount', { literal: -1 })],
    ['literalOutOfRange', when, set('years', { literal: 1.5 })],
    ['literalOutOfRange', when, set('years', { literal: 3e9 })],
    ['literalOutOfRange', when, set('name', { literal: 'x'.repeat(21) })],
    ['unknownOption', when, set('kind', { literal: 3 })],
    ['writeReadOnly', when, set('created', { literal: '2026-01-01T00:00:00Z' })],
    ['writeReadOnly', when, { kind: 'clear', column: 'created' }],
    ['typeMismatch', when, set('amount', formula({ column: 'start' }, '-', { column: 'end' }))],
    ['typeMismatch', when, set('start', formula({ column: 'start' }, '*', { literal: 2 }))],
    ['typeMismatch', when, set('total', formula({ column: 'name' }, '+', { literal: 2 }))],
    ['typeMismatch', when, set('total', formula({ literal: true }, '+', { literal: 2 }))],
    ['unknownColumn', when, set('total', formula({ column: 'nope' }, '+', { literal: 2 }))],
    ['noAction', when, { kind: 'recommend', column: 'kind', title: 'T', text: 'X', actions: [] }],
    [
      'typeMismatch',
      when,
      {
        kind: 'recommend',
        column: 'kind',
        title: 'T',
        text: 'X',
        actions: [{ kind: 'lock', column: 'kind', locked: true }],
      },
    ],
  ] as const)('%s: %o %o', (code, condition, action) => {
    const one = rule('1', condition as Condition, [
      (action ?? { kind: 'clear', column: 'rate' }) as RuleAction,
    ]);
    const { program, diagnostics } = compileRules([one], loan, null);
    expect(diagnostics.map((found) => found.code)).toContain(`rule.${code}`);
    expect(diagnostics[0]?.location).toMatch(/^rule "Rule 1" \/branches\/0\//);
    expect(program.open({ kind: 1 }, 'create').session.whyNot('1').state).toBe('invalid');
  });

  test('too many branches', () => {
    const branch = { when, then: [{ kind: 'clear', column: 'rate' }] } as const;
    const many = rule('1', when, [], { branches: Array.from({ length: 11 }, () => branch) });
    const { diagnostics } = compileRules([many], loan, null);
    expect(diagnostics.map((one) => one.code)).toEqual(['rule.tooManyBranches']);
  });
});
