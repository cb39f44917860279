import { type BusinessRule, defineTable, type RuleOperator, type Table } from '@outpost/model';

/** A table with a column of every kind. */
export const table: Table = defineTable({
  name: 't',
  label: 'T',
  primaryName: 'text',
  ownership: 'user',
  columns: {
    text: { type: 'string', maxLength: 20 },
    memo: { type: 'memo', maxLength: 100 },
    whole: { type: 'integer', min: -10, max: 100 },
    big: { type: 'bigint' },
    decimal: { type: 'decimal', precision: 2, min: 0, max: 1000 },
    double: { type: 'double', min: 0, max: 1000 },
    money: { type: 'money', precision: 2, min: 0, max: 1000 },
    day: { type: 'dateOnly' },
    moment: { type: 'dateTime' },
    flag: { type: 'boolean' },
    choice: {
      type: 'choice',
      options: [
        { value: 1, label: 'One' },
        { value: 2, label: 'Two' },
      ],
    },
    agent: { type: 'lookup', targets: ['contact'] },
    buyer: { type: 'customer', targets: ['account', 'contact'] },
    file: { type: 'file' },
    image: { type: 'image' },
    many: { type: 'choices', options: [{ value: 1, label: 'One' }] },
    made: { type: 'dateTime', readOnly: true },
    total: { type: 'money', precision: 2, readOnly: true },
  },
});

/** A value of each column that fits, and values that do not, with the code each is found under. */
const samples: Readonly<
  Record<string, { readonly good: unknown; readonly bad: readonly (readonly [unknown, string])[] }>
> = {
  text: {
    good: 'a',
    bad: [
      [5, 'typeMismatch'],
      [true, 'typeMismatch'],
      ['x'.repeat(21), 'literalOutOfRange'],
    ],
  },
  memo: {
    good: 'a',
    bad: [
      [5, 'typeMismatch'],
      [false, 'typeMismatch'],
      ['x'.repeat(101), 'literalOutOfRange'],
    ],
  },
  whole: {
    good: 5,
    bad: [
      ['5', 'typeMismatch'],
      [true, 'typeMismatch'],
      [1.5, 'literalOutOfRange'],
      [101, 'literalOutOfRange'],
      [-11, 'literalOutOfRange'],
    ],
  },
  big: {
    good: 5,
    bad: [
      ['5', 'typeMismatch'],
      [0.5, 'literalOutOfRange'],
    ],
  },
  decimal: {
    good: 5.25,
    bad: [
      ['5', 'typeMismatch'],
      [true, 'typeMismatch'],
      [1000.01, 'literalOutOfRange'],
      [-1, 'literalOutOfRange'],
    ],
  },
  double: {
    good: 5.25,
    bad: [
      ['5', 'typeMismatch'],
      [1001, 'literalOutOfRange'],
      [-1, 'literalOutOfRange'],
    ],
  },
  money: {
    good: 5.25,
    bad: [
      ['5', 'typeMismatch'],
      [false, 'typeMismatch'],
      [1001, 'literalOutOfRange'],
      [-0.01, 'literalOutOfRange'],
    ],
  },
  day: {
    good: '2026-02-28',
    bad: [
      [5, 'typeMismatch'],
      ['soon', 'typeMismatch'],
      ['', 'typeMismatch'],
      [true, 'typeMismatch'],
    ],
  },
  moment: {
    good: '2026-02-28T10:00:00Z',
    bad: [
      [5, 'typeMismatch'],
      ['later', 'typeMismatch'],
      [false, 'typeMismatch'],
    ],
  },
  flag: {
    good: true,
    bad: [
      [1, 'typeMismatch'],
      ['true', 'typeMismatch'],
    ],
  },
  choice: {
    good: 1,
    bad: [
      ['One', 'typeMismatch'],
      [true, 'typeMismatch'],
      [3, 'unknownOption'],
      [0, 'unknownOption'],
    ],
  },
  agent: {
    good: { table: 'contact', id: 'a' },
    bad: [
      [5, 'typeMismatch'],
      [true, 'typeMismatch'],
    ],
  },
  buyer: {
    good: { table: 'account', id: 'a' },
    bad: [
      [5, 'typeMismatch'],
      [false, 'typeMismatch'],
    ],
  },
};
const kinds: Readonly<Record<string, string>> = {
  text: 'text',
  memo: 'text',
  whole: 'number',
  big: 'number',
  decimal: 'number',
  double: 'number',
  money: 'number',
  day: 'date',
  moment: 'date',
  flag: 'boolean',
  choice: 'choice',
  agent: 'lookup',
  buyer: 'lookup',
};
const texts: readonly RuleOperator[] = [
  'contains',
  'notContains',
  'beginsWith',
  'notBeginsWith',
  'endsWith',
  'notEndsWith',
];
const ordered: readonly RuleOperator[] = ['greater', 'greaterOrEqual', 'less', 'lessOrEqual'];
const usable = Object.keys(samples);

type Json = Readonly<Record<string, unknown>>;

const goodWhen: Json = { column: 'flag', op: 'equals', operands: [{ literal: true }] };
const goodThen: Json = { kind: 'setValue', column: 'text', value: { literal: 'a' } };
const goodRule: Json = {
  id: 'r',
  name: 'Rule',
  table: 't',
  scope: 'table',
  state: 'active',
  order: 1,
  branches: [{ when: goodWhen, then: [goodThen] }],
};
const withWhen = (when: unknown): Json => ({ ...goodRule, branches: [{ when, then: [goodThen] }] });
const withThen = (...then: readonly unknown[]): Json => ({
  ...goodRule,
  branches: [{ when: goodWhen, then }],
});
const clause = (column: string, op: string, ...operands: readonly unknown[]): Json => ({
  column,
  op,
  operands,
});
const set = (column: string, value: unknown, kind = 'setValue'): Json => ({ kind, column, value });
const formula = (left: unknown, op: string, right: unknown): Json => ({
  formula: { left, op, right },
});
const lit = (literal: unknown): Json => ({ literal });
const col = (column: string): Json => ({ column });

export interface FaultyRule {
  readonly about: string;
  readonly rule: Json;
  /** Without `rule.` before it. */
  readonly code: string;
  /** JSON pointer into the rule. */
  readonly path: string;
}

const when = '/branches/0/when';
const then = '/branches/0/then/0';

/** Rules of the right shape that mean nothing in their table. */
export const faultyRules: readonly FaultyRule[] = [...faults()];

function* faults(): Iterable<FaultyRule> {
  for (const column of usable) {
    const { good, bad } = samples[column] ?? { good: null, bad: [] };
    const kind = kinds[column];
    const misfits = [
      ...(kind === 'text' ? [] : texts),
      ...(kind === 'number' || kind === 'date' ? [] : ordered),
    ];
    for (const op of misfits) {
      yield {
        about: `${op} on ${column}`,
        rule: withWhen(clause(column, op, lit(good))),
        code: 'operatorNotForType',
        path: when,
      };
    }
    for (const [value, code] of bad) {
      const shown = JSON.stringify(value).slice(0, 12);
      yield {
        about: `${column} compared with ${shown}`,
        rule: withWhen(clause(column, 'equals', lit(value))),
        code,
        path: `${when}/operands/0`,
      };
      yield {
        about: `${column} set to ${shown}`,
        rule: withThen(set(column, lit(value))),
        code,
        path: `${then}/value`,
      };
    }
    yield {
      about: `${column} compared with nothing`,
      rule: withWhen(clause(column, 'equals')),
      code: 'typeMismatch',
      path: when,
    };
    const other = usable.find((one) => kinds[one] !== kind) ?? '';
    yield {
      about: `${column} compared with ${other}`,
      rule: withWhen(clause(column, 'notEquals', col(other))),
      code: 'typeMismatch',
      path: `${when}/operands/0`,
    };
    yield {
      about: `${column} set to ${other}`,
      rule: withThen(set(column, col(other), 'setDefault')),
      code: 'typeMismatch',
      path: `${then}/value`,
    };
    yield {
      about: `${column} compared with an unknown column`,
      rule: withWhen(clause(column, 'equals', col('gone'))),
      code: 'unknownColumn',
      path: `${when}/operands/0`,
    };
    if (kind !== 'number' && kind !== 'date') {
      yield {
        about: `a formula with ${column}`,
        rule: withThen(set('money', formula(col(column), '+', lit(1)))),
        code: 'typeMismatch',
        path: `${then}/value`,
      };
    }
    if (kind !== 'number') {
      yield {
        about: `${column} set to a number formula`,
        rule: withThen(set(column, formula(lit(1), '*', lit(2)))),
        code: 'typeMismatch',
        path: `${then}/value`,
      };
    }
  }
  for (const column of ['file', 'image', 'many']) {
    yield {
      about: `a condition on ${column}`,
      rule: withWhen(clause(column, 'hasData')),
      code: 'unsupportedColumn',
      path: when,
    };
    yield {
      about: `${column} hidden`,
      rule: withThen({ kind: 'visible', column, visible: false }),
      code: 'unsupportedColumn',
      path: then,
    };
    yield {
      about: `${column} cleared`,
      rule: withThen({ kind: 'clear', column }),
      code: 'unsupportedColumn',
      path: then,
    };
    yield {
      about: `${column} as operand`,
      rule: withWhen(clause('text', 'equals', col(column))),
      code: 'unsupportedColumn',
      path: `${when}/operands/0`,
    };
  }
  for (const column of ['made', 'total']) {
    const value = column === 'made' ? col('moment') : lit(1);
    yield {
      about: `${column} set`,
      rule: withThen(set(column, value)),
      code: 'writeReadOnly',
      path: then,
    };
    yield {
      about: `${column} defaulted`,
      rule: withThen(set(column, value, 'setDefault')),
      code: 'writeReadOnly',
      path: then,
    };
    yield {
      about: `${column} cleared`,
      rule: withThen({ kind: 'clear', column }),
      code: 'writeReadOnly',
      path: then,
    };
  }
  for (const action of [
    set('gone', lit(1)),
    { kind: 'clear', column: 'gone' },
    { kind: 'require', column: 'gone', level: 'required' },
    { kind: 'visible', column: 'gone', visible: true },
    { kind: 'lock', column: 'gone', locked: true },
    { kind: 'error', column: 'gone', message: 'No.' },
    { kind: 'recommend', column: 'gone', title: 'T', text: 'X', actions: [goodThen] },
  ]) {
    yield {
      about: `${action['kind']} of an unknown column`,
      rule: withThen(action),
      code: 'unknownColumn',
      path: then,
    };
    yield {
      about: `${action['kind']} of an unknown column, otherwise`,
      rule: { ...goodRule, otherwise: [action] },
      code: 'unknownColumn',
      path: '/otherwise/0',
    };
  }
  yield {
    about: 'a condition on an unknown column',
    rule: withWhen(clause('gone', 'hasData')),
    code: 'unknownColumn',
    path: when,
  };
  yield {
    about: 'the same, deeper',
    rule: withWhen({ all: [goodWhen, { not: clause('gone', 'hasData') }] }),
    code: 'unknownColumn',
    path: `${when}/all/1/not`,
  };
  yield {
    about: 'a formula with an unknown column',
    rule: withThen(set('money', formula(col('gone'), '+', lit(1)))),
    code: 'unknownColumn',
    path: `${then}/value`,
  };
  const computed = (left: unknown, op: string, right: unknown): FaultyRule => ({
    about: `a formula ${JSON.stringify(left)} ${op} ${JSON.stringify(right)}`,
    rule: withThen(set('day', formula(left, op, right))),
    code: 'typeMismatch',
    path: `${then}/value`,
  });
  yield computed(col('day'), '*', lit(2));
  yield computed(col('day'), '/', lit(2));
  yield computed(col('day'), '+', col('moment'));
  yield computed(lit(1), '-', col('day'));
  yield computed(lit('soon'), '+', lit(1));
  yield computed(lit(true), '+', lit(1));
  yield computed(lit(null), '+', lit(1));
  const recommend = (...actions: readonly unknown[]) =>
    withThen({ kind: 'recommend', column: 'text', title: 'T', text: 'X', actions });
  yield { about: 'a recommendation of nothing', rule: recommend(), code: 'noAction', path: then };
  for (const action of [
    { kind: 'lock', column: 'text', locked: true },
    { kind: 'visible', column: 'text', visible: true },
    { kind: 'require', column: 'text', level: 'none' },
    { kind: 'error', column: 'text', message: 'No.' },
    { kind: 'recommend', column: 'text', title: 'T', text: 'X', actions: [goodThen] },
  ]) {
    yield {
      about: `a recommendation to ${action.kind}`,
      rule: recommend(action),
      code: 'typeMismatch',
      path: `${then}/actions/0`,
    };
  }
  yield {
    about: 'a recommendation of a wrong value',
    rule: recommend(set('whole', lit('x'))),
    code: 'typeMismatch',
    path: `${then}/actions/0/value`,
  };
  yield {
    about: 'no branch',
    rule: { ...goodRule, branches: [] },
    code: 'noCondition',
    path: '/branches',
  };
  yield { about: 'no action', rule: withThen(), code: 'noAction', path: '/branches/0/then' };
  for (const kind of ['all', 'any']) {
    yield {
      about: `an empty "${kind}"`,
      rule: withWhen({ [kind]: [] }),
      code: 'noCondition',
      path: when,
    };
    yield {
      about: `an empty "${kind}" inside`,
      rule: withWhen({ all: [goodWhen, { [kind]: [] }] }),
      code: 'noCondition',
      path: `${when}/all/1`,
    };
  }
  let deep: Json = goodWhen;
  for (let i = 0; i < 30; i++) deep = { not: deep };
  yield {
    about: 'a condition nested 30 deep',
    rule: withWhen(deep),
    code: 'tooDeep',
    path: `${when}${'/not'.repeat(21)}`,
  };
  yield {
    about: 'eleven branches',
    rule: {
      ...goodRule,
      branches: Array.from({ length: 11 }, () => ({ when: goodWhen, then: [goodThen] })),
    },
    code: 'tooManyBranches',
    path: '/branches',
  };
  yield {
    about: 'an unknown table',
    rule: { ...goodRule, table: 'gone' },
    code: 'unknownTable',
    path: '/table',
  };
}

/** Rules that have another shape: what is wrong is said with its place in the file. */
export const misshapenRules: readonly { readonly rule: unknown; readonly path: string }[] = [
  ...misshapen(),
];

function* misshapen(): Iterable<{ readonly rule: unknown; readonly path: string }> {
  for (const rule of [null, 5, 'rule', true, [], [goodRule]]) yield { rule, path: '' };
  for (const member of ['id', 'name', 'table', 'scope', 'state', 'order', 'branches']) {
    const { [member]: _, ...less } = goodRule;
    yield { rule: less, path: '' };
    for (const value of [null, {}, false])
      yield { rule: { ...goodRule, [member]: value }, path: `/${member}` };
  }
  yield { rule: { ...goodRule, id: '' }, path: '/id' };
  yield { rule: { ...goodRule, name: 'x'.repeat(201) }, path: '/name' };
  yield { rule: { ...goodRule, scope: 'form' }, path: '/scope' };
  yield { rule: { ...goodRule, scope: ['table'] }, path: '/scope' };
  yield { rule: { ...goodRule, scope: { form: 5 } }, path: '/scope/form' };
  yield { rule: { ...goodRule, state: 'on' }, path: '/state' };
  yield { rule: { ...goodRule, state: ['active'] }, path: '/state' };
  yield { rule: { ...goodRule, order: 1.5 }, path: '/order' };
  yield { rule: { ...goodRule, more: 1 }, path: '/more' };
  yield { rule: { ...goodRule, otherwise: goodThen }, path: '/otherwise' };
  yield { rule: { ...goodRule, branches: [5] }, path: '/branches/0' };
  yield { rule: { ...goodRule, branches: [{ then: [] }] }, path: '/branches/0' };
  yield { rule: { ...goodRule, branches: [{ when: goodWhen }] }, path: '/branches/0' };
  for (const one of [null, 5, [], {}, { some: [] }, { all: goodWhen }]) {
    yield {
      rule: withWhen(one),
      path: one !== null && typeof one === 'object' && 'all' in one ? `${when}/all` : when,
    };
  }
  yield { rule: withWhen({ ...goodWhen, all: [goodWhen] }), path: `${when}/column` };
  yield { rule: withWhen({ ...goodWhen, op: 'like' }), path: `${when}/op` };
  yield { rule: withWhen({ column: 'flag', op: 'equals' }), path: when };
  yield { rule: withWhen({ column: 5, op: 'hasData', operands: [] }), path: `${when}/column` };
  yield { rule: withWhen(clause('flag', 'equals', true)), path: `${when}/operands/0` };
  yield { rule: withWhen(clause('flag', 'equals', {})), path: `${when}/operands/0` };
  yield {
    rule: withWhen(clause('flag', 'equals', { literal: [1] })),
    path: `${when}/operands/0/literal`,
  };
  yield {
    rule: withWhen(clause('flag', 'equals', { literal: { table: 't' } })),
    path: `${when}/operands/0/literal`,
  };
  yield {
    rule: withWhen(clause('flag', 'equals', { literal: 1, column: 'flag' })),
    path: `${when}/operands/0/column`,
  };
  for (const one of [null, 'clear', {}, { kind: 'explode', column: 'text' }, { column: 'text' }])
    yield { rule: withThen(one), path: then };
  yield { rule: withThen({ kind: 'clear' }), path: then };
  yield {
    rule: withThen({ kind: 'clear', column: 'text', value: { literal: 1 } }),
    path: `${then}/value`,
  };
  yield { rule: withThen({ kind: 'setValue', column: 'text' }), path: then };
  yield { rule: withThen({ kind: 'setValue', column: 'text', value: 'a' }), path: `${then}/value` };
  yield {
    rule: withThen({ kind: 'require', column: 'text', level: 'system' }),
    path: `${then}/level`,
  };
  yield {
    rule: withThen({ kind: 'visible', column: 'text', visible: 'no' }),
    path: `${then}/visible`,
  };
  yield { rule: withThen({ kind: 'lock', column: 'text', locked: 1 }), path: `${then}/locked` };
  yield { rule: withThen({ kind: 'error', column: 'text', message: '' }), path: `${then}/message` };
  yield {
    rule: withThen({ kind: 'error', column: 'text', message: 'x'.repeat(4001) }),
    path: `${then}/message`,
  };
  yield {
    rule: withThen({ kind: 'recommend', column: 'text', title: 'T', text: 'X', actions: [5] }),
    path: `${then}/actions/0`,
  };
  yield {
    rule: withThen(set('money', formula(lit(1), '%', lit(2)))),
    path: `${then}/value/formula/op`,
  };
  yield {
    rule: withThen(set('money', { formula: { left: lit(1), op: '+' } })),
    path: `${then}/value/formula`,
  };
}

/** Rules in which nothing is wrong: every column with every operator that fits it, and every action. */
export const soundRules: readonly BusinessRule[] = [
  ...sound(),
] as unknown as readonly BusinessRule[];

function* sound(): Iterable<Json> {
  yield goodRule;
  for (const column of usable) {
    const { good } = samples[column] ?? { good: null };
    const kind = kinds[column];
    const fitting = [
      'equals',
      'notEquals',
      ...(kind === 'text' ? texts : []),
      ...(kind === 'number' || kind === 'date' ? ordered : []),
    ];
    const other = usable.find((one) => one !== column && kinds[one] === kind) ?? column;
    for (const op of fitting) {
      yield withWhen(clause(column, op, lit(good)));
      yield withWhen(clause(column, op, lit(good), col(other), lit(null)));
    }
    for (const op of ['hasData', 'noData']) yield withWhen(clause(column, op));
    yield withThen(set(column, lit(good)), set(column, col(other), 'setDefault'), {
      kind: 'clear',
      column,
    });
    yield withThen({
      kind: 'recommend',
      column,
      title: 'T',
      text: 'X',
      actions: [set(column, lit(good))],
    });
    for (const level of ['none', 'recommended', 'required'])
      yield withThen({ kind: 'require', column, level });
    for (const on of [true, false])
      yield withThen(
        { kind: 'visible', column, visible: on },
        { kind: 'lock', column, locked: on },
      );
    yield withThen({ kind: 'error', column, message: 'No.' });
  }
  yield withThen(
    set('day', formula(col('day'), '+', col('whole'))),
    set('moment', formula(lit('2026-01-01T00:00:00Z'), '-', lit(3))),
  );
  yield withThen(set('money', formula(formula(col('whole'), '*', lit(2)), '/', col('decimal'))));
  yield { ...goodRule, scope: { form: 'f' }, otherwise: [goodThen] };
  yield {
    ...goodRule,
    branches: Array.from({ length: 10 }, (_, i) => ({
      when: clause('whole', 'equals', lit(i)),
      then: [goodThen],
    })),
  };
}
