import type { BusinessRule, Condition, RuleAction, RuleOperator } from '@outpost/model';
import { expect, test } from 'vitest';
import { analyzeRules } from '../src/index.ts';

const c = (
  column: string,
  op: RuleOperator,
  ...literals: (string | number | boolean)[]
): Condition => ({
  column,
  op,
  operands: literals.map((literal) => ({ literal })),
});
const all = (...parts: Condition[]): Condition => ({ all: parts });
const set = (column: string): RuleAction => ({ kind: 'setValue', column, value: { literal: 1 } });
const rule = (
  name: string,
  ...branches: readonly (readonly [Condition, ...RuleAction[]])[]
): BusinessRule => ({
  id: name,
  name,
  table: 't',
  scope: 'table',
  state: 'active',
  order: 0,
  branches: branches.map(([when, ...then]) => ({ when, then })),
});
const codes = (...rules: readonly BusinessRule[]) =>
  analyzeRules(rules).map((one) => `${one.code.slice(5)} ${one.location.slice(5)}`.trim());
const x = set('x');

test.each([
  ['equal to two values', all(c('a', 'equals', 1), c('a', 'equals', 2))],
  ['equal and not equal', all(c('a', 'equals', 1), c('a', 'notEquals', 1))],
  ['empty and not', all(c('a', 'hasData'), c('a', 'noData'))],
  ['not and empty', all(c('a', 'noData'), c('a', 'hasData'))],
  ['empty and compared', all(c('a', 'noData'), c('a', 'less', 5))],
  ['empty and not equal to something', all(c('a', 'noData'), c('a', 'notEquals', 5))],
  ['above and below', all(c('a', 'greater', 5), c('a', 'less', 5))],
  ['an empty range', all(c('a', 'greaterOrEqual', 6), all(c('a', 'lessOrEqual', 5)))],
  ['days that pass each other', all(c('a', 'greater', '2026-02-01'), c('a', 'less', '2026-01-01'))],
])('a condition that can never be true: %s', (_, when) => {
  expect(codes(rule('r', [when, x]))).toEqual(['contradiction "r" /branches/0/when']);
});

test.each([
  ['a point', all(c('a', 'greaterOrEqual', 5), c('a', 'lessOrEqual', 5))],
  ['one of several', all(c('a', 'equals', 1, 2), c('a', 'equals', 2, 3))],
  ['two columns', all(c('a', 'equals', 1), c('b', 'equals', 2))],
  ['either', { any: [c('a', 'equals', 1), c('a', 'equals', 2)] }],
  ['not', { not: all(c('a', 'hasData'), c('a', 'noData')) }],
])('a condition that can be true: %s', (_, when) => {
  expect(codes(rule('r', [when, x]))).toEqual([]);
});

test.each([
  ['the same again', c('a', 'equals', 1), c('a', 'equals', 1)],
  ['some of its values', c('a', 'equals', 1, 2), c('a', 'equals', 2)],
  ['a smaller range', c('a', 'less', 10), c('a', 'lessOrEqual', 9)],
  ['any data', c('a', 'hasData'), c('a', 'contains', 'x')],
  ['any data, by value', c('a', 'hasData'), c('a', 'equals', 3)],
  ['everything but', c('a', 'notEquals', 1), c('a', 'equals', 2)],
  ['more demands', c('a', 'greater', 1), all(c('a', 'greater', 2), c('b', 'hasData'))],
  ['the same, however odd', { not: c('a', 'hasData') }, { not: c('a', 'hasData') }],
] as const)('a branch that an earlier one always takes: %s', (_, first, second) => {
  expect(codes(rule('r', [first, x], [second, x]))).toEqual(['unreachableBranch "r" /branches/1']);
});

test.each([
  ['a wider range', c('a', 'less', 9), c('a', 'less', 10)],
  ['an open end', c('a', 'less', 9), c('a', 'lessOrEqual', 9)],
  ['another column', c('a', 'hasData'), c('b', 'hasData')],
  ['emptiness', c('a', 'notEquals', 1), c('a', 'noData')],
  ['part of a condition that says more', { ...c('a', 'beginsWith', 'x') }, c('a', 'equals', 'y')],
] as const)('a branch that can be reached: %s', (_, first, second) => {
  expect(codes(rule('r', [first, x], [second, x]))).toEqual([]);
});

test('rules that trigger each other are named with their path', () => {
  const a = rule('a', [c('x', 'hasData'), set('y')]);
  const b = rule('b', [c('y', 'hasData'), set('z')]);
  const d = rule('d', [c('z', 'hasData'), set('x')]);
  const [only, ...others] = analyzeRules([a, b, d]);
  expect(others).toEqual([]);
  expect(only).toMatchObject({
    severity: 'warning',
    code: 'rule.cycle',
    message: 'Rules trigger each other: "a" -> "b" -> "d" -> "a".',
  });
  expect(codes(a, b)).toEqual([]);
  expect(analyzeRules([rule('s', [c('x', 'hasData'), set('x')])])).toMatchObject([
    { severity: 'info', code: 'rule.selfWrite' },
  ]);
});

test('what is hidden, locked or required and never otherwise', () => {
  const when = c('a', 'equals', 1);
  const hide: RuleAction = { kind: 'visible', column: 'x', visible: false };
  const show: RuleAction = { kind: 'visible', column: 'x', visible: true };
  const lock: RuleAction = { kind: 'lock', column: 'x', locked: true };
  const need: RuleAction = { kind: 'require', column: 'x', level: 'required' };
  const spare: RuleAction = { kind: 'require', column: 'x', level: 'none' };
  expect(codes(rule('r', [when, hide]))).toEqual(['noReverse "r" /branches/0/then']);
  expect(codes(rule('r', [when, lock]))).toEqual(['noReverse "r" /branches/0/then']);
  expect(codes(rule('r', [when, hide], [c('a', 'equals', 2), show]))).toEqual([]);
  expect(codes(rule('r', [when, need]), rule('s', [c('a', 'equals', 2), spare]))).toEqual([]);
  expect(codes(rule('r', [when, need, hide], [c('a', 'noData'), spare, show]))).toEqual([
    'requiredHidden "r" /branches/0/then',
  ]);
});

test('a write that a later rule always replaces; too many rules', () => {
  const when = c('a', 'equals', 1);
  const other: RuleAction = { kind: 'clear', column: 'x' };
  expect(codes(rule('first', [when, x]), rule('second', [when, other]))).toEqual([
    'shadowedWrite "first"',
  ]);
  expect(codes(rule('first', [when, x]), rule('second', [c('a', 'equals', 2), other]))).toEqual([]);
  const many = Array.from({ length: 151 }, (_, i) =>
    rule(`r${i}`, [c('a', 'equals', i), set(`x${i}`)]),
  );
  expect(codes(...many)).toEqual(['tooManyRules "r0"']);
});
