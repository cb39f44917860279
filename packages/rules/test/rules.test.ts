import { type BusinessRule, defineTable } from '@outpost/model';
import { describe, expect, test } from 'vitest';
import { compileRules } from '../src/index.ts';

const lead = defineTable({
  name: 'lead',
  label: 'Lead',
  primaryName: 'subject',
  ownership: 'user',
  columns: {
    subject: { type: 'string' },
    rating: {
      type: 'choice',
      options: [
        { value: 1, label: 'Hot' },
        { value: 3, label: 'Cold' },
      ],
    },
    budget: { type: 'money' },
    note: { type: 'string' },
    tags: { type: 'choices', options: [] },
  },
});
const rule = (more: Partial<BusinessRule>): BusinessRule => ({
  id: '1',
  name: 'Hot leads need a budget',
  table: 'lead',
  scope: 'table',
  state: 'active',
  order: 1,
  branches: [],
  ...more,
});
const hot = { column: 'rating', op: 'equals', operands: [{ literal: 1 }] } as const;
const needsBudget = rule({
  branches: [{ when: hot, then: [{ kind: 'require', column: 'budget', level: 'required' }] }],
  otherwise: [{ kind: 'require', column: 'budget', level: 'none' }],
});

describe('a rule on a form', () => {
  test('applies its branch at load and reverses it on change', () => {
    const { program } = compileRules([needsBudget], lead, null);
    const { session, first } = program.open({ rating: 1 }, 'create');
    expect(first.required).toEqual({ budget: 'required' });
    expect(session.change({ rating: 3 }).required).toEqual({ budget: 'none' });
    expect(session.change({ rating: 3 }).required).toEqual({});
    expect(session.effects.required).toEqual({ budget: 'none' });
  });

  test('does not run on a form that lacks one of its columns', () => {
    const form = { id: 'f', columns: ['rating'] };
    const { program, diagnostics } = compileRules([needsBudget], lead, form);
    expect(diagnostics).toMatchObject([{ severity: 'warning', code: 'rule.columnNotOnForm' }]);
    const { session, first } = program.open({ rating: 1 }, 'create');
    expect(first.required).toEqual({});
    expect(session.whyNot('1')).toMatchObject({ state: 'columnNotOnForm', missing: ['budget'] });
  });

  test('a value it writes triggers the rules that read it, never itself', () => {
    const first = rule({
      id: 'a',
      order: 2,
      branches: [
        {
          when: { column: 'note', op: 'equals', operands: [{ literal: 'go' }] },
          then: [{ kind: 'setValue', column: 'rating', value: { literal: 1 } }],
        },
      ],
    });
    const { program } = compileRules([needsBudget, first], lead, null);
    const ran = program.open({}, 'update').session.change({ note: 'GO' });
    expect(ran.values).toEqual({ rating: 1 });
    expect(ran.required).toEqual({ budget: 'required' });
  });

  test('rules that write each other end after ten passes', () => {
    const swap = (id: string, from: number, to: number) =>
      rule({
        id,
        order: from,
        branches: [
          {
            when: { column: 'rating', op: 'equals', operands: [{ literal: from }] },
            then: [{ kind: 'setValue', column: 'rating', value: { literal: to } }],
          },
        ],
      });
    const { program } = compileRules([swap('a', 1, 3), swap('b', 3, 1)], lead, null);
    const { session, first } = program.open({ rating: 1 }, 'update');
    // One pass sets 3 and 1 again, however often; both rules run at load and in each of nine passes more.
    expect([first.values, session.evaluations]).toEqual([{}, 20]);
    expect(first.diagnostics).toMatchObject([{ severity: 'error', code: 'rule.cycleLimit' }]);
  });

  test('a recommendation changes nothing until accepted', () => {
    const advice = rule({
      branches: [
        {
          when: { column: 'budget', op: 'noData', operands: [] },
          then: [
            {
              kind: 'recommend',
              column: 'rating',
              title: 'Cool down',
              text: 'No budget yet',
              actions: [{ kind: 'setValue', column: 'rating', value: { literal: 3 } }],
            },
          ],
        },
      ],
    });
    const { program } = compileRules([advice], lead, null);
    const { session, first } = program.open({ rating: 1 }, 'update');
    expect(first.values).toEqual({});
    const [recommendation] = first.recommendations.added;
    expect(session.effects.recommendations).toEqual([recommendation]);
    const accepted = session.accept(recommendation?.id ?? '');
    expect(accepted.values).toEqual({ rating: 3 });
    expect(accepted.recommendations.removed).toEqual([recommendation?.id]);
    expect(session.accept(recommendation?.id ?? '').values).toEqual({});
    // It comes back when the branch is chosen again.
    expect(session.change({ budget: 5 }).recommendations.added).toEqual([]);
    expect(session.change({ budget: null }).recommendations.added).toHaveLength(1);
    expect(session.change({ budget: 7 }).recommendations.removed).toHaveLength(1);
  });
});

describe('a table-scope rule at save', () => {
  test('refuses with its message and the Dataverse code', () => {
    const negative = rule({
      branches: [
        {
          when: { column: 'budget', op: 'less', operands: [{ literal: 0 }] },
          then: [{ kind: 'error', column: 'budget', message: 'A budget is not negative.' }],
        },
      ],
    });
    const { program } = compileRules([negative], lead, null);
    expect(program.runTableScope(null, { budget: -1 })).toMatchObject({
      kind: 'refused',
      errors: [{ rule: negative.name, column: 'budget', code: '0x80040265' }],
    });
    expect(program.runTableScope(null, { budget: 1 })).toEqual({ kind: 'accepted', values: {} });
  });

  test('refuses an empty required column, sets defaults on create only', () => {
    const defaults = rule({
      id: 'd',
      order: 0,
      branches: [
        {
          when: { column: 'subject', op: 'hasData', operands: [] },
          then: [{ kind: 'setDefault', column: 'note', value: { literal: 'new' } }],
        },
      ],
    });
    const { program } = compileRules([needsBudget, defaults], lead, null);
    expect(program.runTableScope(null, { rating: 1 })).toMatchObject({
      kind: 'refused',
      errors: [{ column: 'budget' }],
    });
    expect(program.runTableScope(null, { subject: 'x' })).toEqual({
      kind: 'accepted',
      values: { note: 'new' },
    });
    expect(program.runTableScope({ subject: 'x' }, { subject: 'y' })).toEqual({
      kind: 'accepted',
      values: {},
    });
  });
});

test.each([
  [
    'an unknown column',
    {
      branches: [
        {
          when: { column: 'nope', op: 'hasData' as const, operands: [] },
          then: [{ kind: 'clear' as const, column: 'note' }],
        },
      ],
    },
    'rule.unknownColumn',
  ],
  [
    'an operator that does not fit',
    {
      branches: [
        {
          when: { column: 'rating', op: 'contains' as const, operands: [{ literal: 'x' }] },
          then: [{ kind: 'clear' as const, column: 'note' }],
        },
      ],
    },
    'rule.operatorNotForType',
  ],
  [
    'an unsupported column type',
    {
      branches: [
        {
          when: { column: 'tags', op: 'hasData' as const, operands: [] },
          then: [{ kind: 'clear' as const, column: 'note' }],
        },
      ],
    },
    'rule.unsupportedColumn',
  ],
  ['no condition', {}, 'rule.noCondition'],
  ['an empty branch', { branches: [{ when: hot, then: [] }] }, 'rule.noAction'],
])('a rule with %s is reported and does not run', (_, more, code) => {
  const { program, diagnostics } = compileRules([rule(more)], lead, null);
  expect(diagnostics.map((one) => one.code)).toContain(code);
  const { session, first } = program.open({ rating: 1 }, 'create');
  expect(first.values).toEqual({});
  expect(session.whyNot('1').state).toBe('invalid');
});
