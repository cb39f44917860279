import {
  type BusinessRule,
  type Column,
  type ColumnValue,
  type Condition,
  defineTable,
  equalValues,
  fold,
  type Operand,
  type RowValues,
  type RuleAction,
} from '@outpost/model';
import { lengthOf } from '@outpost/vitest/length';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileRules, type Effects, type EffectsDiff } from '../src/index.ts';

const runs = lengthOf('OUTPOST_ROUNDS', { short: 150, long: 5000 });
const table = defineTable({
  name: 't',
  label: 'T',
  primaryName: 'text',
  ownership: 'user',
  columns: {
    text: { type: 'string' },
    note: { type: 'string' },
    whole: { type: 'integer' },
    money: { type: 'money', precision: 2 },
    day: { type: 'dateOnly' },
    other: { type: 'dateOnly' },
    flag: { type: 'boolean' },
    level: {
      type: 'choice',
      options: [
        { value: 1, label: 'A' },
        { value: 2, label: 'B' },
      ],
    },
  },
});
const names = ['text', 'note', 'whole', 'money', 'day', 'other', 'flag', 'level'] as const;
type Name = (typeof names)[number];
const values: Readonly<Record<Name, readonly ColumnValue[]>> = {
  text: [null, 'Ä', 'a', 'ab', ''],
  note: [null, 'a', 'B'],
  whole: [null, 0, 1, 5, -2],
  money: [null, 0, 1, 1.25, 3.999],
  day: [null, '2026-01-31', '2026-02-01', '2024-02-29'],
  other: [null, '2026-02-01', '2026-02-05'],
  flag: [null, true, false],
  level: [null, 1, 2],
};
const same: Readonly<Record<Name, readonly Name[]>> = {
  text: ['note'],
  note: ['text'],
  whole: ['money'],
  money: ['whole'],
  day: ['other'],
  other: ['day'],
  flag: [],
  level: [],
};
const operators: Readonly<Record<Name, readonly string[]>> = {
  text: ['equals', 'notEquals', 'contains', 'notBeginsWith', 'endsWith', 'hasData', 'noData'],
  note: ['equals', 'beginsWith', 'notContains', 'hasData'],
  whole: ['equals', 'notEquals', 'greater', 'lessOrEqual', 'hasData', 'noData'],
  money: ['equals', 'less', 'greaterOrEqual', 'noData'],
  day: ['equals', 'greater', 'lessOrEqual', 'hasData'],
  other: ['less', 'notEquals', 'noData'],
  flag: ['equals', 'notEquals', 'hasData'],
  level: ['equals', 'notEquals', 'noData'],
};
const filled = (name: Name) => values[name].filter((one) => one !== null && one !== '');

function operandFor(name: Name): fc.Arbitrary<Operand> {
  const options: fc.Arbitrary<Operand>[] = [
    fc.constantFrom(...filled(name)).map((literal) => ({ literal })),
  ];
  if (same[name].length > 0)
    options.push(fc.constantFrom(...same[name]).map((column) => ({ column })));
  if (name === 'whole' || name === 'money') {
    options.push(
      fc.record({
        formula: fc.record({
          left: fc.constantFrom<Operand>({ column: 'whole' }, { column: 'money' }, { literal: 2 }),
          op: fc.constantFrom('+', '-', '*', '/'),
          right: fc.constantFrom<Operand>({ column: 'whole' }, { literal: 3 }, { literal: 0 }),
        }),
      }),
    );
  }
  if (name === 'day' || name === 'other') {
    options.push(
      fc.record({
        formula: fc.record({
          left: fc.constantFrom<Operand>({ column: 'day' }, { column: 'other' }),
          op: fc.constantFrom('+', '-'),
          right: fc.constantFrom<Operand>({ column: 'whole' }, { literal: 1 }),
        }),
      }),
    );
  }
  return fc.oneof(...options);
}

const anyName = fc.constantFrom(...names);
const clause = anyName.chain((column) =>
  fc.record({
    column: fc.constant(column),
    op: fc.constantFrom(...operators[column]),
    operands: fc.array(operandFor(column), { minLength: 1, maxLength: 2 }),
  }),
) as fc.Arbitrary<Condition>;
const condition = fc.letrec<{ node: Condition }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 2 },
    clause,
    fc.record({ all: fc.array(tie('node'), { minLength: 1, maxLength: 2 }) }),
    fc.record({ any: fc.array(tie('node'), { minLength: 1, maxLength: 2 }) }),
    fc.record({ not: tie('node') }),
  ),
})).node;
const write: fc.Arbitrary<RuleAction> = anyName.chain((column) =>
  fc.oneof(
    fc.record({
      kind: fc.constantFrom('setValue', 'setDefault'),
      column: fc.constant(column),
      value: operandFor(column),
    }) as fc.Arbitrary<RuleAction>,
    fc.constant<RuleAction>({ kind: 'clear', column }),
  ),
);
const action: fc.Arbitrary<RuleAction> = fc.oneof(
  write,
  anyName.chain((column) =>
    fc.constantFrom<RuleAction>(
      { kind: 'require', column, level: 'required' },
      { kind: 'require', column, level: 'none' },
      { kind: 'visible', column, visible: false },
      { kind: 'visible', column, visible: true },
      { kind: 'lock', column, locked: true },
      { kind: 'error', column, message: 'wrong' },
      { kind: 'error', column, message: 'also wrong' },
    ),
  ),
  fc.tuple(anyName, write).map(([column, inner]) => ({
    kind: 'recommend' as const,
    column,
    title: 'Better',
    text: 'So',
    actions: [inner],
  })),
);
const actions = fc.array(action, { minLength: 1, maxLength: 3 });
const ruleSet = fc.array(
  fc.record({
    branches: fc.array(fc.record({ when: condition, then: actions }), {
      minLength: 1,
      maxLength: 3,
    }),
    otherwise: fc.option(actions, { nil: undefined }),
  }),
  { minLength: 1, maxLength: 5 },
);
const change = anyName.chain((name) =>
  fc.constantFrom(...values[name]).map((value): RowValues => ({ [name]: value })),
);
const rowOf = fc.record(
  Object.fromEntries(names.map((name) => [name, fc.constantFrom(...values[name])])),
) as fc.Arbitrary<RowValues>;

interface Body {
  readonly branches: BusinessRule['branches'];
  readonly otherwise: readonly RuleAction[] | undefined;
}

function rulesOf(set: readonly Body[]): BusinessRule[] {
  return set.map(({ branches, otherwise }, i) => ({
    id: `r${i}`,
    name: `Rule ${i}`,
    table: 't',
    scope: 'table',
    state: 'active',
    order: i,
    branches,
    ...(otherwise === undefined ? {} : { otherwise }),
  }));
}

// The same, word by word: no slots, no shared conditions, no dependencies computed ahead.

const columnOf = (name: string): Column => {
  const found = table.columns.find((one) => one.name === name);
  if (found === undefined) throw new Error(name);
  return found;
};
const scaleOf = (name: string) => (name === 'money' ? 100 : 1);
const isNone = (value: ColumnValue) => value === null || value === '';

function operandValue(operand: Operand, row: RowValues): ColumnValue {
  if ('literal' in operand) return operand.literal;
  if ('column' in operand) return row[operand.column] ?? null;
  const [a, b] = [
    operandValue(operand.formula.left, row),
    operandValue(operand.formula.right, row),
  ];
  const { op } = operand.formula;
  if (isNone(a) || isNone(b)) return null;
  if (typeof a === 'string') {
    const days = (op === '+' ? 1 : -1) * Math.trunc(Number(b));
    const moved = Date.parse(a) + days * 86_400_000;
    const isDate = moved >= Date.parse('1753-01-01') && moved <= Date.parse('9999-12-31');
    return isDate ? new Date(moved).toISOString().slice(0, 10) : null;
  }
  const [x, y] = [Number(a), Number(b)];
  const result = { '+': x + y, '-': x - y, '*': x * y, '/': x / y }[op];
  return Number.isFinite(result) ? result : null;
}

function compare(op: string, name: string, a: ColumnValue, b: ColumnValue): boolean {
  if (op.startsWith('not')) {
    const positive = `${op.slice(3, 4).toLowerCase()}${op.slice(4)}`;
    return !compare(positive, name, a, b);
  }
  const { type } = columnOf(name);
  if (type === 'string') {
    const [x, y] = [fold(String(a)), fold(String(b))];
    if (op === 'equals') return x === y;
    if (op === 'contains') return x.includes(y);
    return op === 'beginsWith' ? x.startsWith(y) : x.endsWith(y);
  }
  if (type === 'boolean' || type === 'choice') return a === b;
  const number = (value: ColumnValue) =>
    type === 'dateOnly' ? Date.parse(String(value)) : Math.round(Number(value) * scaleOf(name));
  const difference = number(a) - number(b);
  switch (op) {
    case 'equals':
      return difference === 0;
    case 'greater':
      return difference > 0;
    case 'greaterOrEqual':
      return difference >= 0;
    case 'less':
      return difference < 0;
    default:
      return difference <= 0;
  }
}

function holds(node: Condition, row: RowValues): boolean {
  if ('all' in node) return node.all.every((one) => holds(one, row));
  if ('any' in node) return node.any.some((one) => holds(one, row));
  if ('not' in node) return !holds(node.not, row);
  const value = row[node.column] ?? null;
  if (node.op === 'hasData') return !isNone(value);
  if (node.op === 'noData') return isNone(value);
  if (isNone(value)) return false;
  const test = (operand: Operand) => {
    const other = operandValue(operand, row);
    return !isNone(other) && compare(node.op, node.column, value, other);
  };
  return node.op.startsWith('not') ? node.operands.every(test) : node.operands.some(test);
}

function named(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(named);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, one]) =>
    key === 'column' ? [String(one)] : named(one),
  );
}

/** Columns that a rule looks at: in conditions, and in values that it sets. */
function looksAt(rule: BusinessRule): ReadonlySet<string> {
  const all = [...rule.branches.flatMap((one) => one.then), ...(rule.otherwise ?? [])];
  return new Set([
    ...named(rule.branches.map((one) => one.when)),
    ...all.flatMap((one) => ('value' in one ? named(one.value) : [])),
  ]);
}

/** A form without a memory of anything but what the meaning asks for. */
class NaiveForm {
  row: Record<string, ColumnValue>;
  readonly #rules: readonly BusinessRule[];
  readonly #chosen = new Map<BusinessRule, readonly RuleAction[]>();
  readonly #lasting = new Map<BusinessRule, readonly RuleAction[]>();

  constructor(rules: readonly BusinessRule[], row: RowValues) {
    this.#rules = rules;
    this.row = { ...row };
  }

  run(triggered: readonly BusinessRule[], isNew: boolean): boolean {
    let queue = new Set(triggered);
    for (let pass = 0; queue.size > 0; pass++) {
      if (pass === 10) return false;
      const next = new Set<BusinessRule>();
      for (const rule of this.#rules) {
        if (!queue.has(rule)) continue;
        const branch = rule.branches.find((one) => holds(one.when, this.row));
        const list = branch?.then ?? rule.otherwise ?? null;
        this.#chosen.set(rule, list ?? []);
        if (list !== null) this.#lasting.set(rule, list);
        for (const one of list ?? []) {
          const value = this.#written(one, isNew);
          if (value === undefined || equalValues(value, this.row[one.column] ?? null)) continue;
          this.row[one.column] = value;
          for (const reader of this.#rules) {
            if (reader === rule || !looksAt(reader).has(one.column)) continue;
            if (this.#rules.indexOf(reader) > this.#rules.indexOf(rule)) queue.add(reader);
            else next.add(reader);
          }
        }
      }
      queue = next;
    }
    return true;
  }

  change(values: RowValues): boolean {
    Object.assign(this.row, values);
    const columns = Object.keys(values);
    return this.run(
      this.#rules.filter((rule) => columns.some((one) => looksAt(rule).has(one))),
      false,
    );
  }

  #written(one: RuleAction, isNew: boolean): ColumnValue | undefined {
    if (one.kind === 'clear') return null;
    if (one.kind !== 'setValue' && one.kind !== 'setDefault') return undefined;
    if (one.kind === 'setDefault' && (!isNew || !isNone(this.row[one.column] ?? null))) {
      return undefined;
    }
    const value = operandValue(one.value, this.row);
    const scale = scaleOf(one.column);
    return typeof value === 'number' && columnOf(one.column).type !== 'choice'
      ? Math.round(value * scale) / scale
      : value;
  }

  get effects() {
    const required: Record<string, string> = {};
    const visible: Record<string, boolean> = {};
    const locked: Record<string, boolean> = {};
    const errors: Record<string, string> = {};
    for (const rule of this.#rules) {
      for (const one of this.#lasting.get(rule) ?? []) {
        if (one.kind === 'require') required[one.column] = one.level;
        if (one.kind === 'visible') visible[one.column] = one.visible;
        if (one.kind === 'lock') locked[one.column] = one.locked;
      }
      for (const one of this.#chosen.get(rule) ?? []) {
        if (one.kind === 'error') errors[one.column] = one.message;
      }
    }
    return { required, visible, locked, errors };
  }
}

const plain = ({ required, visible, locked, errors }: Effects) => ({
  required,
  visible,
  locked,
  errors,
});

describe('a session', () => {
  test('R-1, R-4, R-6: is what a look at everything gives, for any rules and edits; diffs add up to it', () => {
    fc.assert(
      fc.property(
        ruleSet,
        rowOf,
        fc.array(change, { maxLength: 6 }),
        fc.boolean(),
        (set, row, edits, isNew) => {
          const rules = rulesOf(set);
          const { program, diagnostics } = compileRules(rules, table, null);
          expect(diagnostics.filter((one) => one.severity === 'error')).toEqual([]);
          const naive = new NaiveForm(rules, row);
          const isCalm = naive.run(rules, isNew);
          const { session, first } = program.open(row, isNew ? 'create' : 'update');
          let values: RowValues = row;
          const summed = { required: {}, visible: {}, locked: {}, errors: {} };
          const shown = new Set<string>();
          const check = (diff: EffectsDiff, calm: boolean) => {
            values = { ...values, ...diff.values };
            for (const kind of ['required', 'visible', 'locked', 'errors'] as const) {
              Object.assign(summed[kind], diff[kind]);
              for (const [name, one] of Object.entries(summed[kind])) {
                if (one === null) Reflect.deleteProperty(summed[kind], name);
              }
            }
            for (const one of diff.recommendations.added) shown.add(one.id);
            for (const one of diff.recommendations.removed) shown.delete(one);
            expect(diff.diagnostics.length === 0).toBe(calm);
            expect(plain(session.effects)).toEqual(naive.effects);
            expect(summed).toEqual(plain(session.effects));
            expect([...shown].sort()).toEqual(
              session.effects.recommendations.map((one) => one.id).sort(),
            );
            for (const name of names) {
              const [mine, wanted] = [values[name] ?? null, naive.row[name] ?? null];
              expect([name, mine]).toEqual([name, wanted]);
            }
          };
          check(first, isCalm);
          for (const edit of edits) {
            const calm = naive.change(edit);
            values = { ...values, ...edit };
            check(session.change(edit), calm);
          }
          for (const name of names) session.explain(name);
          for (const rule of rules) session.whyNot(rule.id);
        },
      ),
      { numRuns: runs },
    );
  });

  test('R-8: rules come in their order, however they are listed', () => {
    fc.assert(
      fc.property(ruleSet, rowOf, (set, row) => {
        const rules = rulesOf(set);
        const there = compileRules(rules, table, null).program.open(row, 'create');
        const back = compileRules([...rules].reverse(), table, null).program.open(row, 'create');
        expect(back.first).toEqual(there.first);
        expect(back.session.effects).toEqual(there.session.effects);
      }),
      { numRuns: Math.ceil(runs / 4) },
    );
  });

  test('R-4: never throws, whatever the cells hold', () => {
    const junk = fc.record(
      Object.fromEntries(names.map((name) => [name, fc.anything()])),
    ) as unknown as fc.Arbitrary<RowValues>;
    fc.assert(
      fc.property(ruleSet, junk, junk, (set, row, next) => {
        const { program } = compileRules(rulesOf(set), table, null);
        expect(() => {
          program.open(row, 'create').session.change(next);
          program.runTableScope(row, next);
          program.runTableScope(null, row);
        }).not.toThrow();
      }),
      { numRuns: runs },
    );
  });

  test('R-10: a change evaluates the rules that depend on it and no others', () => {
    const rule = (n: number): BusinessRule => ({
      id: `r${n}`,
      name: `Rule ${n}`,
      table: 't',
      scope: 'table',
      state: 'active',
      order: n,
      branches: [
        {
          when: { column: n < 3 ? 'flag' : 'level', op: 'hasData', operands: [] },
          then: [{ kind: 'require', column: 'text', level: 'required' }],
        },
      ],
    });
    for (const count of [20, 1000]) {
      const rules = Array.from({ length: count }, (_, n) => rule(n));
      const { session } = compileRules(rules, table, null).program.open({}, 'update');
      const before = session.evaluations;
      expect(session.change({ flag: true }).required).toEqual({ text: 'required' });
      expect(session.evaluations - before).toBe(3);
    }
  });
});
