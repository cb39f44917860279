import type { BusinessRule } from '@outpost/model';

const hot = { column: 'leadqualitycode', op: 'equals', operands: [{ literal: 1 }] } as const;

/** Business rules of the sample app; those of scope `table` also run in the organization. */
export const rules: readonly BusinessRule[] = [
  {
    id: 'b0000000-0000-4000-8000-000000000001',
    name: 'Hot leads need a budget',
    table: 'lead',
    scope: 'table',
    state: 'active',
    order: 1,
    branches: [
      { when: hot, then: [{ kind: 'require', column: 'budgetamount', level: 'required' }] },
    ],
    otherwise: [{ kind: 'require', column: 'budgetamount', level: 'none' }],
  },
  {
    id: 'b0000000-0000-4000-8000-000000000002',
    name: 'Cool down leads without a budget',
    table: 'lead',
    scope: 'allForms',
    state: 'active',
    order: 2,
    branches: [
      {
        when: { all: [hot, { column: 'budgetamount', op: 'noData', operands: [] }] },
        then: [
          {
            kind: 'recommend',
            column: 'leadqualitycode',
            title: 'Set Rating to Warm',
            text: 'No budget is known yet.',
            actions: [{ kind: 'setValue', column: 'leadqualitycode', value: { literal: 2 } }],
          },
        ],
      },
    ],
  },
  {
    id: 'b0000000-0000-4000-8000-000000000003',
    name: 'Revenue is not negative',
    table: 'opportunity',
    scope: 'table',
    state: 'active',
    order: 3,
    branches: [
      {
        when: { column: 'estimatedvalue', op: 'less', operands: [{ literal: 0 }] },
        then: [
          {
            kind: 'error',
            column: 'estimatedvalue',
            message: 'Estimated revenue cannot be negative.',
          },
        ],
      },
    ],
  },
  {
    id: 'b0000000-0000-4000-8000-000000000004',
    name: 'Credit hold locks the credit limit',
    table: 'account',
    scope: 'allForms',
    state: 'active',
    order: 4,
    branches: [
      {
        when: { column: 'creditonhold', op: 'equals', operands: [{ literal: true }] },
        then: [{ kind: 'lock', column: 'creditlimit', locked: true }],
      },
    ],
    otherwise: [{ kind: 'lock', column: 'creditlimit', locked: false }],
  },
];
