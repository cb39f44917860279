import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Condition, indexModel, type Operand, type RuleAction } from '@outpost/model';
import { compileRules } from '@outpost/rules';
import { describe, expect, test } from 'vitest';
import { readSolution, type Solution } from '../src/index.ts';
import {
  branch,
  column,
  condition,
  expression,
  literal,
  logic,
  message,
  nextStage,
  recommendation,
  rule,
  setValue,
  stage,
  workflow,
} from './xaml-text.ts';
import { attributeXml, entityXml, manifest, zip } from './zip.ts';

const guid = (n: number) => `00000000-0000-4000-8000-${n.toString().padStart(12, '0')}`;

/** A solution with one workflow. */
function withWorkflow(xaml: string, more = '<Category>2</Category>'): Solution {
  const entities = `<Entities>${entityXml('new_a', attributeXml('new_x', 'int') + attributeXml('new_y', 'int'))}${entityXml('new_flow', attributeXml('bpf_new_aid', 'lookup'))}</Entities>`;
  const workflows = `<Workflows><Workflow WorkflowId="{${guid(1).toUpperCase()}}" Name="W"><XamlFileName>/Workflows/W.xaml</XamlFileName><StateCode>1</StateCode><ProcessTriggerScope>2</ProcessTriggerScope><PrimaryEntity>New_A</PrimaryEntity><UniqueName>New_Flow</UniqueName>${more}</Workflow></Workflows>`;
  return readSolution(
    zip({
      'solution.xml': manifest,
      'customizations.xml': `<ImportExportXml>${entities}${workflows}<Languages><Language>1033</Language></Languages></ImportExportXml>`,
      'Workflows/W.xaml': xaml,
    }),
  );
}
const readRule = (steps: string, more?: string) => withWorkflow(rule(steps), more).model.rules[0];

describe('a business rule', () => {
  test('has its identity, scope and state from the solution', () => {
    const steps = column('new_X', 'a') + condition('NotNull', 'a', '', 'ok') + branch('ok');
    const header = { id: guid(1), name: 'W', table: 'new_a', order: 0 };
    expect(readRule(steps)).toMatchObject({ ...header, scope: 'table', state: 'active' });
    const forms = '<Category>2</Category>'.concat('<ProcessTriggerFormId/>');
    const xml = (scope: string) => withWorkflow(rule(steps), `${forms}${scope}`).model.rules[0];
    expect(xml('')?.scope).toBe('table');
  });

  test.each([
    ['Equal', 'equals'],
    ['NotEqual', 'notEquals'],
    ['GreaterThan', 'greater'],
    ['GreaterEqual', 'greaterOrEqual'],
    ['LessThan', 'less'],
    ['LessEqual', 'lessOrEqual'],
    ['Contains', 'contains'],
    ['DoesNotContain', 'notContains'],
    ['BeginsWith', 'beginsWith'],
    ['DoesNotBeginWith', 'notBeginsWith'],
    ['EndsWith', 'endsWith'],
    ['DoesNotEndWith', 'notEndsWith'],
  ])('operator %s, with any of several values', (name, op) => {
    const steps =
      column('new_x', 'a') +
      literal('Integer', '5', 'b') +
      column('new_y', 'd') +
      condition(name, 'a', 'b, d', 'ok') +
      branch('ok', message('new_x', 'No'));
    expect(readRule(steps)?.branches).toEqual([
      {
        when: { column: 'new_x', op, operands: [{ literal: 5 }, { column: 'new_y' }] },
        then: [{ kind: 'error', column: 'new_x', message: 'No' }],
      },
    ]);
  });

  test.each([
    ['OptionSetValue', '494280003', 494_280_003],
    ['Boolean', '1', true],
    ['Boolean', 'false', false],
    ['Decimal', '1.5', 1.5],
    ['String', 'It&quot;&quot;s', 'It"s'],
    ['DateTime', '2026-01-31', '2026-01-31'],
  ])('a value of type %s', (type, text, value) => {
    const steps =
      column('new_x', 'a') +
      literal(type, text, 'b') +
      condition('Equal', 'a', 'b', 'ok') +
      branch('ok', message('new_x', 'No'));
    expect(readRule(steps)?.branches[0]?.when).toMatchObject({ operands: [{ literal: value }] });
  });

  test('conditions are joined, branches follow one another, `[True]` is what else', () => {
    const steps =
      column('new_x', 'a') +
      condition('NotNull', 'a', '', 'p') +
      column('new_y', 'b') +
      condition('Null', 'b', '', 'q') +
      logic('And', 'p', 'q', 'r') +
      logic('Or', 'r', 'p', 'ok') +
      branch('ok', '<b:SetVisibility ControlId="New_Y" IsVisible="False"/>') +
      branch('q', '<b:SetDisplayMode ControlId="new_y" IsReadOnly="True"/>') +
      branch('True', '<b:SetFieldRequiredLevel ControlId="new_y" RequiredLevel="Recommended"/>');
    const p = { column: 'new_x', op: 'hasData', operands: [] };
    const q = { column: 'new_y', op: 'noData', operands: [] };
    expect(readRule(steps)).toMatchObject({
      branches: [
        {
          when: { any: [{ all: [p, q] }, p] },
          then: [{ kind: 'visible', column: 'new_y', visible: false }],
        },
        { when: q, then: [{ kind: 'lock', column: 'new_y', locked: true }] },
      ],
      otherwise: [{ kind: 'require', column: 'new_y', level: 'recommended' }],
    });
  });

  test('N10a: a message of level recommendation is no error: it offers what its steps do', () => {
    const steps =
      column('new_x', 'a') +
      condition('Null', 'a', '', 'ok') +
      branch(
        'ok',
        recommendation(
          'New_X',
          'All of it?',
          literal('Integer', '100', 'v') + setValue('new_x', 'v'),
        ),
        message('new_y', 'No'),
      );
    expect(readRule(steps)?.branches[0]?.then).toEqual([
      {
        kind: 'recommend',
        column: 'new_x',
        title: 'All of it?',
        text: 'All of it?',
        actions: [{ kind: 'setValue', column: 'new_x', value: { literal: 100 } }],
      },
      { kind: 'error', column: 'new_y', message: 'No' },
    ]);
  });

  test('values are set, preset, computed and cleared', () => {
    const steps =
      column('new_x', 'a') +
      condition('NotNull', 'a', '', 'ok') +
      branch(
        'ok',
        literal('Integer', '2', 'two') + setValue('new_y', 'two'),
        literal('Integer', '3', 'three') + setValue('new_y', 'three', 'SetDefaultValue'),
        column('new_x', 'x') +
          literal('Integer', '4', 'four') +
          expression('Multiply', 'x, four', 'product') +
          setValue('new_y', 'product'),
        setValue('new_y', 'never'),
      );
    expect(readRule(steps)?.branches[0]?.then).toEqual([
      { kind: 'setValue', column: 'new_y', value: { literal: 2 } },
      { kind: 'setDefault', column: 'new_y', value: { literal: 3 } },
      {
        kind: 'setValue',
        column: 'new_y',
        value: { formula: { left: { column: 'new_x' }, op: '*', right: { literal: 4 } } },
      },
      { kind: 'clear', column: 'new_y' },
    ]);
  });

  const ok = column('new_x', 'a') + condition('NotNull', 'a', '', 'ok');
  test.each([
    ['an element of another vocabulary', `${ok}${branch('ok', '<o:Launch/>')}`],
    ['an activity that is not known', `${ok}${branch('ok', '<b:SetColor ControlId="x"/>')}`],
    ['an operator that is not known', column('new_x', 'a') + condition('Near', 'a', '', 'ok')],
    ['a value that is not known', `${ok}${literal('EntityReference', 'x', 'v')}`],
    ['a number that is none', `${ok}${literal('Integer', 'many', 'v')}`],
    ['an expression that is not known', `${ok}${expression('Power', 'a, a', 'v')}`],
    ['a variable without value', `${ok}${condition('Equal', 'a', 'nowhere', 'v')}`],
    ['a branch on no condition', branch('nothing', message('new_x', 'No'))],
    [
      'a value that is never written',
      `${ok}${branch('ok', setValue('new_x', 'a').replace('<b:SetAttributeValue/>', ''))}`,
    ],
    ['a row that is not this one', ok.replace('InputEntities', 'RelatedEntities')],
    ['an assignment to something else', `${ok}${branch('ok', '<Assign To="[Other]"/>')}`],
    [
      'a recommendation of something else',
      `${ok}${branch('ok', recommendation('new_x', 'Do?', '<o:Other/>'))}`,
    ],
    ['a message without text', `${ok}${branch('ok', '<b:SetMessage ControlId="x"/>')}`],
    [
      'parameters that are no list',
      ok.replace(
        '<x:Null x:Key="Parameters"/>',
        '<InArgument x:Key="Parameters">[Now()]</InArgument>',
      ),
    ],
    ['nothing', ''],
  ])('with %s never runs, and says why', (_, steps) => {
    const { model, diagnostics } = withWorkflow(steps === '' ? workflow('') : rule(steps));
    expect(model.rules).toMatchObject([{ state: 'draft' }]);
    expect(diagnostics).toMatchObject([
      { severity: 'warning', code: 'solution.unknownRuleElement' },
    ]);
    expect(diagnostics[0]?.location).toMatch(/^Workflows\/W\.xaml\//);
  });

  test('a definition that is missing or broken is said, and stops nothing', () => {
    expect(withWorkflow('<Activity>').diagnostics).toMatchObject([
      { code: 'solution.workflowUnreadable' },
    ]);
    const gone = withWorkflow('', '<Category>2</Category>');
    expect(gone.model.rules).toEqual([]);
    expect(gone.diagnostics).toHaveLength(1);
  });
});

describe('a process flow', () => {
  const flowOf = (text: string) => withWorkflow(text, '<Category>4</Category>');
  const stages = [
    { id: 'B', name: 'Second', next: null, columns: ['new_y'], required: true },
    { id: 'A', name: 'First', next: 'B', columns: ['new_x', 'New_Y'] },
  ];

  test('has its stages along their chain, each with its steps', () => {
    const { model, diagnostics } = flowOf(workflow(stages.map(stage).join('')));
    expect(diagnostics).toEqual([]);
    expect(model.flows).toEqual([
      {
        id: guid(1),
        name: 'W',
        table: 'new_a',
        instanceTable: 'new_flow',
        instanceColumn: 'bpf_new_aid',
        stages: [
          {
            id: 'a',
            name: 'First',
            table: 'new_a',
            steps: [
              { column: 'new_x', label: 'new_x', required: false },
              { column: 'new_y', label: 'New_Y', required: false },
            ],
          },
          {
            id: 'b',
            name: 'Second',
            table: 'new_a',
            steps: [{ column: 'new_y', label: 'new_y', required: true }],
          },
        ],
      },
    ]);
  });

  const rich =
    column('new_x', 'v') +
    literal('Integer', '5', 'five') +
    condition('GreaterThan', 'v', 'five', 'rich');
  const branching = (conditions: string) => [
    { id: 'A', name: 'First', next: 'B', columns: [], conditions },
    { id: 'C', name: 'Last', next: null, columns: [] },
    { id: 'B', name: 'Second', next: 'C', columns: [] },
  ];

  test('P04: branches are read like the conditions of a rule; stages come before those that follow', () => {
    const { model, diagnostics } = flowOf(
      workflow(
        branching(rich + nextStage('rich', 'C'))
          .map(stage)
          .join(''),
      ),
    );
    expect(diagnostics).toEqual([]);
    expect(model.flows[0]?.stages.map(({ id, next, branches }) => [id, next, branches])).toEqual([
      [
        'a',
        'b',
        [
          {
            when: { column: 'new_x', op: 'greater', operands: [{ literal: 5 }] },
            next: 'c',
          },
        ],
      ],
      ['b', 'c', undefined],
      ['c', null, undefined],
    ]);
  });

  test.each([
    ['to no stage', rich + nextStage('rich', '')],
    ['to an unknown stage', rich + nextStage('rich', 'X')],
    ['under an unknown condition', nextStage('rich', 'C')],
    ['that does something else', rich + branch('rich', message('new_x', 'No.'))],
  ])('a branch %s leaves the flow out', (_, conditions) => {
    const { model, diagnostics } = flowOf(workflow(branching(conditions).map(stage).join('')));
    expect(model.flows).toEqual([]);
    expect(diagnostics.map((one) => one.code)).toEqual(['solution.unknownFlowElement']);
  });

  test.each([
    [
      'a circle',
      workflow(stages.map((one) => stage({ ...one, next: 'A' })).join('')),
      'unknownFlowElement',
    ],
    ['no stage', workflow(''), 'unknownFlowElement'],
    ['an unknown element', workflow('<o:Hologram/>'), 'unknownFlowElement'],
  ])('of %s is left out, and says why', (_, text, code) => {
    const { model, diagnostics } = flowOf(text);
    expect(model.flows).toEqual([]);
    expect(diagnostics.map((one) => one.code)).toEqual([`solution.${code}`]);
  });
});

const corpus =
  process.env['OUTPOST_CORPUS'] ??
  fileURLToPath(new URL('../../../../shared/corpus', import.meta.url));

describe.skipIf(!existsSync(corpus))('R05, P01: the rules and flows of a real solution', () => {
  const read = () => readSolution(readFileSync(join(corpus, 'education-common.solution.zip')));
  const count = <T>(list: readonly T[], test_: (one: T) => boolean) => list.filter(test_).length;
  const clausesIn = (node: Condition): readonly Extract<Condition, { column: string }>[] => {
    if ('all' in node) return node.all.flatMap(clausesIn);
    if ('any' in node) return node.any.flatMap(clausesIn);
    return 'not' in node ? clausesIn(node.not) : [node];
  };
  const nodesIn = (node: Condition): readonly string[] => {
    if ('all' in node) return ['all', ...node.all.flatMap(nodesIn)];
    return 'any' in node ? ['any', ...node.any.flatMap(nodesIn)] : [];
  };

  test('are all there, none inactive, as many of each kind as in the files', () => {
    const { model } = read();
    const { rules } = model;
    expect(rules).toHaveLength(20);
    expect(rules.every((one) => one.state === 'active')).toBe(true);
    expect(count(rules, (one) => one.scope === 'table')).toBe(17);
    expect(count(rules, (one) => one.scope === 'allForms')).toBe(2);
    expect(count(rules, (one) => typeof one.scope === 'object')).toBe(1);
    const branches = rules.flatMap((one) => one.branches);
    expect(branches.length + count(rules, (one) => one.otherwise !== undefined)).toBe(30);
    expect(count(rules, (one) => one.otherwise !== undefined)).toBe(2);
    const clauses = branches.flatMap((one) => clausesIn(one.when));
    expect(clauses).toHaveLength(56);
    expect(branches.flatMap((one) => nodesIn(one.when))).toEqual(Array(28).fill('all'));
    const literals = clauses
      .flatMap((one) => one.operands)
      .filter((one): one is Extract<Operand, { literal: unknown }> => 'literal' in one);
    expect(count(literals, (one) => typeof one.literal === 'boolean')).toBe(1);
    const actions = rules.flatMap((one): readonly RuleAction[] => [
      ...one.branches.flatMap((part) => part.then),
      ...(one.otherwise ?? []),
    ]);
    const kinds = Object.fromEntries(
      ['visible', 'require', 'setValue', 'clear', 'error'].map((kind) => [
        kind,
        count(actions, (one) => one.kind === kind),
      ]),
    );
    expect(kinds).toEqual({ visible: 20, require: 13, setValue: 8, clear: 5, error: 12 });
    expect(actions).toHaveLength(58);
  });

  test('pass every check against their tables', () => {
    const { model } = read();
    for (const name of new Set(model.rules.map((one) => one.table))) {
      const table = model.tables.find((one) => one.name === name);
      if (table === undefined) throw new Error(name);
      expect(compileRules(model.rules, table, null).diagnostics).toEqual([]);
    }
  });

  test('three flows of four stages with a step each; six actions need the organization', () => {
    const { model, diagnostics } = read();
    expect(model.flows.map((flow) => flow.stages.map((one) => one.steps.length))).toEqual(
      Array(3).fill([1, 1, 1, 1]),
    );
    const index = indexModel(model);
    const unknown = model.flows.flatMap((flow) =>
      flow.stages
        .flatMap((stage) => stage.steps)
        .filter((step) => index.column(flow.table, step.column) === undefined),
    );
    expect(unknown).toEqual([]);
    const ignored = diagnostics.filter((one) => one.code === 'solution.flowActionIgnored');
    expect(ignored.map((one) => one.message.slice(0, 1))).toEqual(['2', '2', '2']);
  });
});
