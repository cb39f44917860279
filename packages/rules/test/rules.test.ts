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
    const loaded = program.load({ rating: 1 }, 'create');
    expect(loaded.effects.required).toEqual({ budget: 'required' });
    const changed = program.change(loaded, { rating: 3 }, ['rating']);
    expect(changed.effects.required).toEqual({ budget: 'none' });
  });

  test('does not run on a form that lacks one of its columns', () => {
    const { program } = compileRules([needsBudget], lead, { id: 'f', columns: ['rating'] });
    expect(program.load({ rating: 1 }, 'create').effects.required).toEqual({});
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
    const ran = program.change(program.load({}, 'update'), { note: 'GO' }, ['note']);
    expect(ran.values).toEqual({ rating: 1 });
    expect(ran.effects.required).toEqual({ budget: 'required' });
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
    expect([1, 3]).toContain(program.load({ rating: 1 }, 'update').values['rating'] ?? 1);
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
    const loaded = program.load({ rating: 1 }, 'update');
    expect(loaded.values).toEqual({});
    const [recommendation] = loaded.effects.recommendations;
    expect(program.accept(recommendation?.id ?? '', { rating: 1 })).toEqual({ rating: 3 });
    expect(program.change(loaded, { budget: 5 }, ['budget']).effects.recommendations).toEqual([]);
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
    'rule.operatorNotForType',
  ],
  ['no condition', {}, 'rule.noCondition'],
  ['an empty branch', { branches: [{ when: hot, then: [] }] }, 'rule.noAction'],
])('a rule with %s is reported and does not run', (_, more, code) => {
  const { program, diagnostics } = compileRules([rule(more)], lead, null);
  expect(diagnostics.map((one) => one.code)).toContain(code);
  expect(program.load({ rating: 1 }, 'create').values).toEqual({});
});
