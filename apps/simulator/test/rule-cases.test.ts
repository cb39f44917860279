import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BusinessRule, Condition, RuleAction, RuleBranch, RuleOperator } from '@outpost/model';
import { parseRuleCases, runRuleCase } from '@outpost/rules';
import { readSolution } from '@outpost/solution';
import { afterAll, describe, expect, test } from 'vitest';
import { corpusFile, hasCorpus } from './corpus.ts';
import { jsonLines, outpost, temporaryFolder } from './program.ts';

const solutionFile = corpusFile('education-common', 'solution');
const casesFile = fileURLToPath(new URL('./education-common.rules.json', import.meta.url));
const folder = temporaryFolder();
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = (name: string, content: unknown): string => {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, name), JSON.stringify(content));
  return join(folder, name);
};
const format = 'rule-conformance/1';

const otherOperator: Partial<Record<RuleOperator, readonly RuleOperator[]>> = {
  equals: ['notEquals', 'hasData'],
  notEquals: ['equals', 'hasData'],
  hasData: ['noData'],
  noData: ['hasData'],
  less: ['lessOrEqual', 'greater', 'equals'],
  greater: ['greaterOrEqual', 'less', 'equals'],
  greaterOrEqual: ['greater', 'lessOrEqual', 'equals'],
};

/** The same with one thing read wrongly. */
function misreadConditions(node: Condition): readonly Condition[] {
  if ('all' in node) {
    const parts = node.all.flatMap((one, i) =>
      misreadConditions(one).map((wrong) => ({ all: node.all.with(i, wrong) })),
    );
    // That both sides have data follows from the comparison they are beside.
    const isImplied = node.all.every((one) => 'op' in one && one.op === 'hasData');
    return isImplied ? parts : [...parts, { any: node.all }];
  }
  if ('any' in node || 'not' in node) throw new Error('The solution has none.');
  const operators = (otherOperator[node.op] ?? []).map((op) => ({ ...node, op }));
  const operands = node.operands.flatMap((one, i): Condition[] => {
    if (!('literal' in one)) return [];
    const { literal } = one;
    const other = typeof literal === 'number' ? literal + 7 : literal !== true;
    return [{ ...node, operands: node.operands.with(i, { literal: other }) }];
  });
  const fewer = node.operands.length > 1 ? [{ ...node, operands: node.operands.slice(0, 1) }] : [];
  return [...operators, ...operands, ...fewer];
}

function misreadActions(actions: readonly RuleAction[]): readonly (readonly RuleAction[])[] {
  return actions.flatMap((one, i) => {
    const wrong: RuleAction[] = [];
    if (one.kind === 'visible') wrong.push({ ...one, visible: !one.visible });
    if (one.kind === 'require') wrong.push({ ...one, level: 'recommended' });
    if (one.kind === 'error') wrong.push({ ...one, message: `${one.message}!` });
    if (one.kind === 'setValue') wrong.push({ ...one, value: { literal: 77 } });
    return [actions.toSpliced(i, 1), ...wrong.map((other) => actions.with(i, other))];
  });
}

function misread(rule: BusinessRule): readonly BusinessRule[] {
  const { branches, otherwise } = rule;
  const withBranch = (i: number, branch: RuleBranch) => ({
    ...rule,
    branches: branches.with(i, branch),
  });
  const found: BusinessRule[] = branches.flatMap((branch, i) => [
    ...misreadConditions(branch.when).map((when) => withBranch(i, { ...branch, when })),
    ...misreadActions(branch.then).map((then) => withBranch(i, { ...branch, then })),
  ]);
  if (branches.length > 1) {
    found.push(...branches.map((_, i) => ({ ...rule, branches: branches.toSpliced(i, 1) })));
  }
  if (otherwise !== undefined) {
    found.push(...misreadActions(otherwise).map((list) => ({ ...rule, otherwise: list })));
  }
  return found;
}

describe.skipIf(!hasCorpus)('R05: cases of the rules of a real solution', () => {
  test('pass, and the program says so', async () => {
    const args = ['conformance', 'rules', casesFile, '--solution', solutionFile];
    const { code, stdout } = await outpost(...args);
    expect(stdout.trimEnd().split('\n').at(-1)).toBe('134 passed, 0 failed');
    expect(code).toBe(0);
  });

  test('cover every rule, and fail where one operator, value, action or branch is read wrongly', () => {
    const { model } = readSolution(readFileSync(solutionFile));
    const cases = parseRuleCases(readFileSync(casesFile, 'utf8'));
    let mutants = 0;
    const survivors: string[] = [];
    for (const rule of model.rules) {
      const own = cases.filter((one) => one.rule === rule.name && one.table === rule.table);
      expect(own.length, rule.name).toBeGreaterThanOrEqual(3);
      for (const wrong of misread(rule)) {
        mutants += 1;
        const isSeen = own.some((one) => runRuleCase(one, [wrong], model.tables).kind === 'failed');
        if (!isSeen) survivors.push(`${rule.name}: ${JSON.stringify(wrong.branches)}`);
      }
    }
    expect(survivors).toEqual([]);
    expect(mutants).toBeGreaterThan(200);
  });

  test('a case that fails shows what was expected and what came', async () => {
    const [first] = parseRuleCases(readFileSync(casesFile, 'utf8'));
    const path = file('failing.json', {
      format,
      cases: [
        first,
        { ...first, expect: { required: {} } },
        { ...first, rule: 'Nobody' },
        { ...first, values: { nowhere: 1 } },
        { ...first, table: 'nowhere' },
      ],
    });
    const args = ['conformance', 'rules', path, '--solution', solutionFile] as const;
    const { code, stdout } = await outpost(...args);
    expect(code).toBe(1);
    expect(stdout).toContain('The required differ.');
    expect(stdout).toContain('expected {"required":{}}');
    expect(stdout).toContain('"required":{"mshied_approvalcriteria":"required"}');
    expect(stdout).toContain('has no rule "Nobody"');
    expect(stdout).toContain('has no column "nowhere"');
    expect(stdout).toContain('There is no table "nowhere"');
    expect(stdout.trimEnd().split('\n').at(-1)).toBe('1 passed, 4 failed');
    const lines = jsonLines((await outpost(...args, '--json')).stdout);
    expect(lines.map((one) => one['kind'] ?? one['failed'])).toEqual([
      'passed',
      'failed',
      'failed',
      'failed',
      'failed',
      4,
    ]);
  });
});

test.each([
  ['no solution', [file('a.json', { format, cases: [] })], 'need --solution'],
  [
    'another format',
    [file('b.json', { format: 'x' }), '--solution', 'x.zip'],
    'rule-conformance/1',
  ],
  [
    'an unknown event',
    [
      file('c.json', { format, cases: [{ rule: 'r', table: 't', event: 'save' }] }),
      '--solution',
      'x',
    ],
    'cases[0].event',
  ],
  [
    'a missing solution',
    [file('d.json', { format, cases: [] }), '--solution', 'no.zip'],
    'cannot be read',
  ],
])('%s is a clear error', async (_, args, message) => {
  const { code, stderr } = await outpost('conformance', 'rules', ...args);
  expect(stderr).toContain(message);
  expect(code).toBe(2);
});
