/** What do business rules of a form cost, against rule engines that decide the same conditions? */
import {
  type BusinessRule,
  type Condition,
  defineTable,
  type RowValues,
  type RuleAction,
  type RuleOperator,
} from '@outpost/model';
import { compileRules, type Program } from '@outpost/rules';
import { seededRandom } from '@outpost/testkit';
import { medians, type Report } from './report.ts';

type Load = (name: string) => Promise<unknown>;
/** Says which rules' conditions hold for a row. */
type Decide = (row: Plain) => readonly boolean[] | Promise<readonly boolean[]>;
type Plain = Readonly<Record<string, number | string>>;

const ruleCount = 20;
const rowCount = 200;
const numbers = Array.from({ length: 10 }, (_, i) => `n${i}`);
const choices = Array.from({ length: 5 }, (_, i) => `c${i}`);
const texts = Array.from({ length: 5 }, (_, i) => `s${i}`);
const options = [1, 2, 3, 4].map((value) => ({ value, label: `Option ${value}` }));
const table = defineTable({
  name: 'form',
  label: 'Form',
  primaryName: 's0',
  ownership: 'user',
  columns: {
    ...Object.fromEntries(numbers.map((name) => [name, { type: 'integer' }] as const)),
    ...Object.fromEntries(choices.map((name) => [name, { type: 'choice', options }] as const)),
    ...Object.fromEntries(texts.map((name) => [name, { type: 'string' }] as const)),
  },
});

interface Comparison {
  readonly column: string;
  readonly op: 'equals' | 'notEquals' | 'greater' | 'less';
  readonly value: number | string;
}
/** Either both of the first two, or the third. */
type Shape = readonly [Comparison, Comparison, Comparison];

function shapes(count: number, columns: (i: number) => number): readonly Shape[] {
  return Array.from({ length: count }, (_, i): Shape => {
    const at = columns(i);
    return [
      {
        column: numbers[at % 10] ?? '',
        op: i % 2 === 0 ? 'greater' : 'less',
        value: 20 + ((i * 7) % 60),
      },
      {
        column: choices[at % 5] ?? '',
        op: i % 3 === 0 ? 'notEquals' : 'equals',
        value: 1 + (i % 4),
      },
      { column: texts[at % 5] ?? '', op: 'equals', value: `text ${i % 6}` },
    ];
  });
}

function rulesOf(list: readonly Shape[]): readonly BusinessRule[] {
  const clause = ({ column, op, value }: Comparison): Condition => ({
    column,
    op: op satisfies RuleOperator,
    operands: [{ literal: value }],
  });
  return list.map(([a, b, c], i): BusinessRule => {
    const column = texts[i % 5] ?? '';
    const yes: RuleAction = { kind: 'require', column, level: 'required' };
    const no: RuleAction = { kind: 'require', column, level: 'none' };
    return {
      id: String(i),
      name: `Rule ${i}`,
      table: 'form',
      scope: 'allForms',
      state: 'active',
      order: i,
      branches: [{ when: { any: [{ all: [clause(a), clause(b)] }, clause(c)] }, then: [yes] }],
      otherwise: [no],
    };
  });
}

function rows(): readonly Plain[] {
  const random = seededRandom(11);
  const int = (below: number) => Math.floor(random.next() * below);
  const made = Array.from({ length: rowCount }, () => ({
    ...Object.fromEntries(numbers.map((name) => [name, int(100)])),
    ...Object.fromEntries(choices.map((name) => [name, 1 + int(4)])),
    ...Object.fromEntries(texts.map((name) => [name, `text ${int(6)}`])),
  }));
  // Rows as they come from JSON.
  return JSON.parse(JSON.stringify(made)) as readonly Plain[];
}

export async function rules(report: Report): Promise<void> {
  const list = shapes(ruleCount, (i) => i);
  const compiled = compileRules(rulesOf(list), table, null);
  if (compiled.diagnostics.length > 0) throw new Error(compiled.diagnostics[0]?.message);
  const data = rows();
  const ours: Decide = (row) => compiled.program.decide(row).map((branch) => branch === 0);
  const say = (name: string, mine: number, theirs: number, peerName: string) =>
    report({
      bench: 'rules',
      case: name,
      metric: 'time',
      unit: 'us',
      ours: mine,
      peer: theirs,
      peerName,
    });

  for (const { name, decide } of await openPeers(list)) {
    for (const row of data) {
      const [mine, theirs] = [await ours(row), await decide(row)];
      if (mine.join() !== theirs.join()) throw new Error(`${name} decides otherwise.`);
    }
    const decided = await perRow(data, ours, decide);
    say(`${ruleCount} rules decided`, decided.ours, decided.peer, name);
    const opened = await perRow(data, (row) => compiled.program.open(row, 'update'), decide);
    say(`${ruleCount} rules with all effects, to verdicts only`, opened.ours, opened.peer, name);
  }

  // The same rules look at the column that changes; the others look at other columns.
  const twenty = sessionOf(compileRules(rulesOf(list), table, null).program, data);
  const many = shapes(1000, (i) => (i < ruleCount ? i : 1 + 2 * (i % 4)));
  const thousand = sessionOf(compileRules(rulesOf(many), table, null).program, data);
  const change = medians(400, 50, {
    twenty: (run) => twenty.change({ n0: run % 100 }),
    thousand: (run) => thousand.change({ n0: run % 100 }),
    full: (run) => compiled.program.open(data[run % rowCount] ?? {}, 'update'),
  });
  say('one column changes', change.twenty * 1000, change.full * 1000, 'all rules of the row');
  say(
    'one column changes, 1,000 rules',
    change.thousand * 1000,
    change.twenty * 1000,
    'the same with 20 rules',
  );
}

function sessionOf(program: Program, data: readonly Plain[]) {
  return program.open((data[0] ?? {}) as RowValues, 'update').session;
}

/** How long each is run before it is timed: engines of JavaScript take their time to compile. */
const warmUpMs = 300;
const timedRounds = 41;

/** Microseconds per row, median of rounds over all rows that take turns. */
async function perRow(
  data: readonly Plain[],
  mine: (row: Plain) => unknown,
  theirs: Decide,
): Promise<{ readonly ours: number; readonly peer: number }> {
  const runs = [mine, theirs] as const;
  for (const run of runs) {
    const end = performance.now() + warmUpMs;
    while (performance.now() < end) await timeOf(data, run);
  }
  const times: readonly [number[], number[]] = [[], []];
  for (let round = 0; round < timedRounds; round++) {
    for (const [i, run] of runs.entries()) times[i]?.push(await timeOf(data, run));
  }
  const median = (list: readonly number[]) =>
    [...list].sort((a, b) => a - b)[list.length >> 1] ?? 0;
  return { ours: median(times[0]), peer: median(times[1]) };
}

async function timeOf(data: readonly Plain[], run: (row: Plain) => unknown): Promise<number> {
  const start = process.hrtime.bigint();
  for (const row of data) {
    const result = run(row);
    if (result instanceof Promise) await result;
  }
  return Number(process.hrtime.bigint() - start) / 1000 / data.length;
}

// Other engines, each with the conditions in its own form, prepared once.

type Open = (load: Load, list: readonly Shape[]) => Promise<Decide>;

async function openPeers(
  list: readonly Shape[],
): Promise<readonly { readonly name: string; readonly decide: Decide }[]> {
  const { load } = (await import(new URL('../peers/load.mjs', import.meta.url).href)) as {
    load: Load;
  };
  const found: { name: string; decide: Decide }[] = [];
  for (const [name, open] of [
    ['json-logic-js', jsonLogic],
    ['json-logic-engine', jsonLogicEngine],
    ['json-rules-engine', jsonRulesEngine],
    ['@marcbachmann/cel-js', cel],
    ['@gorules/zen-engine', zen],
  ] as readonly (readonly [string, Open])[]) {
    try {
      await load(name);
    } catch {
      console.error(`${name} is not installed: run npm install in bench/peers.`);
      continue;
    }
    found.push({ name, decide: await open(load, list) });
  }
  return found;
}

const logicSigns = { equals: '==', notEquals: '!=', greater: '>', less: '<' } as const;

function toJsonLogic([a, b, c]: Shape): object {
  const one = ({ column, op, value }: Comparison) => ({
    [logicSigns[op]]: [{ var: column }, value],
  });
  return { or: [{ and: [one(a), one(b)] }, one(c)] };
}

const jsonLogic: Open = async (load, list) => {
  interface Module {
    apply(rule: object, data: Plain): boolean;
  }
  const module = (await load('json-logic-js')) as Module & { readonly default?: Module };
  const engine = module.default ?? module;
  const logic = list.map(toJsonLogic);
  return (row) => logic.map((one) => engine.apply(one, row));
};

const jsonLogicEngine: Open = async (load, list) => {
  const { LogicEngine } = (await load('json-logic-engine')) as {
    LogicEngine: new () => { build(rule: object): (data: Plain) => boolean };
  };
  const engine = new LogicEngine();
  const built = list.map((one) => engine.build(toJsonLogic(one)));
  return (row) => built.map((one) => one(row));
};

const jsonRulesEngine: Open = async (load, list) => {
  const { Engine } = (await load('json-rules-engine')) as {
    Engine: new (
      rules: readonly object[],
    ) => { run(facts: Plain): Promise<{ readonly events: readonly { readonly type: string }[] }> };
  };
  const signs = {
    equals: 'equal',
    notEquals: 'notEqual',
    greater: 'greaterThan',
    less: 'lessThan',
  };
  const one = ({ column, op, value }: Comparison) => ({ fact: column, operator: signs[op], value });
  const engine = new Engine(
    list.map(([a, b, c], i) => ({
      conditions: { any: [{ all: [one(a), one(b)] }, one(c)] },
      event: { type: String(i) },
    })),
  );
  return async (row) => {
    const { events } = await engine.run(row);
    const chosen = new Set(events.map((event) => event.type));
    return list.map((_, i) => chosen.has(String(i)));
  };
};

function toExpression([a, b, c]: Shape): string {
  const one = ({ column, op, value }: Comparison) =>
    `${column} ${logicSigns[op]} ${JSON.stringify(value)}`;
  return `(${one(a)} && ${one(b)}) || ${one(c)}`;
}

const cel: Open = async (load, list) => {
  const { parse } = (await load('@marcbachmann/cel-js')) as {
    parse(expression: string): (data: object) => boolean;
  };
  const parsed = list.map((one) => parse(toExpression(one)));
  return (row) => {
    const typed: Record<string, bigint | string> = {};
    for (const [name, value] of Object.entries(row)) {
      typed[name] = typeof value === 'number' ? BigInt(value) : value;
    }
    return parsed.map((one) => one(typed));
  };
};

const zen: Open = async (load, list) => {
  const { evaluateExpressionSync } = (await load('@gorules/zen-engine')) as {
    evaluateExpressionSync(expression: string, data: Plain): readonly boolean[];
  };
  const text = list
    .map((one) => `(${toExpression(one).replaceAll('&&', 'and').replaceAll('||', 'or')})`)
    .join(', ');
  return (row) => evaluateExpressionSync(`[${text}]`, row);
};
