import { defineTable, type ProcessFlow, type RowValues } from '@outpost/model';
import { expect, test } from 'vitest';
import {
  type CompiledFlow,
  checkFlows,
  checkInstance,
  checkInstanceWrite,
  compileFlow,
  type FlowInstance,
  flowAvailability,
  flowCommands,
  flowPath,
  startInstance,
  step,
} from '../src/index.ts';

const lead = defineTable({
  name: 'lead',
  label: 'Lead',
  primaryName: 'subject',
  ownership: 'user',
  columns: {
    subject: { type: 'string' },
    budget: { type: 'integer' },
    need: { type: 'string' },
    decided: { type: 'boolean' },
    outcome: { type: 'string' },
  },
});
const tables = (name: string) => (name === 'lead' ? lead : undefined);
const required = (column: string) => ({ column, label: column.toUpperCase(), required: true });
/** Rich leads skip the talk: qualify -> (develop | propose) -> close. */
const definition: ProcessFlow = {
  id: 'f',
  name: 'Sales',
  table: 'lead',
  instanceTable: 'i',
  instanceColumn: 'leadid',
  stages: [
    {
      id: 'qualify',
      name: 'Qualify',
      table: 'lead',
      steps: [required('budget'), required('decided')],
      branches: [
        {
          when: { column: 'budget', op: 'greater', operands: [{ literal: 1000 }] },
          next: 'propose',
        },
      ],
      next: 'develop',
    },
    { id: 'develop', name: 'Develop', table: 'lead', steps: [required('need')], next: 'close' },
    { id: 'propose', name: 'Propose', table: 'lead', steps: [], next: 'close' },
    { id: 'close', name: 'Close', table: 'lead', steps: [], next: null },
  ],
};
const compiled = (flow: ProcessFlow): CompiledFlow => {
  const result = compileFlow(flow, tables);
  expect(result.diagnostics).toEqual([]);
  if (result.flow === null) throw new Error('no flow');
  return result.flow;
};
const flow = compiled(definition);
const start = startInstance(flow);
const at = (...path: readonly string[]): FlowInstance => ({
  activeStageId: path.at(-1) ?? null,
  traversedPath: path.join(','),
  state: 'active',
});
const poor: RowValues = { budget: 5, decided: true, need: 'yes' };
const rich: RowValues = { budget: 5000, decided: true };
const kinds = (instance: FlowInstance, row: RowValues, online = false) => [
  ...new Set(flowCommands(flow, instance, { row, online }).map((one) => one.kind)),
];

test('C05: offline a row has exactly Next Stage, Previous Stage and Set Active Stage', () => {
  expect(kinds(at('qualify', 'develop'), poor)).toEqual([
    'nextStage',
    'previousStage',
    'setActiveStage',
  ]);
  expect(kinds(start, poor)).toEqual(['nextStage', 'setActiveStage']);
  expect(kinds(at('qualify', 'develop', 'close'), poor)).toEqual([
    'previousStage',
    'setActiveStage',
  ]);
  for (const kind of ['finish', 'abandon', 'reactivate'] as const) {
    expect(step(flow, at('qualify', 'develop', 'close'), { row: poor }, { kind })).toMatchObject({
      kind: 'refused',
      code: '0x8005f214',
    });
  }
});

test('finish, abandon and reactivate change the state of the instance, online', () => {
  const last = at('qualify', 'develop', 'close');
  expect(kinds(last, poor, true)).toEqual(['previousStage', 'setActiveStage', 'finish', 'abandon']);
  const subject = { row: poor, online: true };
  const finished = step(flow, last, subject, { kind: 'finish' });
  expect(finished).toMatchObject({ kind: 'moved', changes: { statecode: 1, statuscode: 2 } });
  expect(step(flow, last, subject, { kind: 'abandon' })).toMatchObject({
    changes: { statecode: 1, statuscode: 3 },
  });
  expect(step(flow, { ...last, state: 'aborted' }, subject, { kind: 'reactivate' })).toMatchObject({
    changes: { statecode: 0, statuscode: 1 },
  });
  expect(step(flow, last, { row: {}, online: true }, { kind: 'finish' })).toMatchObject({
    kind: 'blocked',
  });
});

test('C06, P01: Next Stage is gated by required steps and appends to the path', () => {
  const blocked = step(flow, start, { row: {} }, { kind: 'nextStage' });
  // FL-4: everything that is missing is listed.
  expect(blocked).toEqual({
    kind: 'blocked',
    missing: [
      { stage: 'Qualify', column: 'budget', label: 'BUDGET' },
      { stage: 'Qualify', column: 'decided', label: 'DECIDED' },
    ],
  });
  // A two-option step needs Yes.
  expect(step(flow, start, { row: { budget: 5, decided: false } }, { kind: 'nextStage' })).toEqual({
    kind: 'blocked',
    missing: [{ stage: 'Qualify', column: 'decided', label: 'DECIDED' }],
  });
  // What a rule hides is not asked for; what it locks still is, as the row tells only whether it is empty.
  const hidden = { row: { budget: 5 }, visible: { decided: false } };
  expect(step(flow, start, hidden, { kind: 'nextStage' }).kind).toBe('moved');
  expect(step(flow, start, { row: poor }, { kind: 'nextStage' })).toEqual({
    kind: 'moved',
    instance: at('qualify', 'develop'),
    changes: { activestageid: 'develop', traversedpath: 'qualify,develop' },
  });
  // Steps of visited stages are asked for again.
  expect(
    step(flow, at('qualify', 'develop'), { row: { need: 'yes' } }, { kind: 'nextStage' }).kind,
  ).toBe('blocked');
});

test('C07: Previous Stage shortens the path, whatever is empty', () => {
  expect(step(flow, at('qualify', 'develop'), { row: {} }, { kind: 'previousStage' })).toEqual({
    kind: 'moved',
    instance: start,
    changes: { activestageid: 'qualify', traversedpath: 'qualify' },
  });
  expect(step(flow, start, { row: {} }, { kind: 'previousStage' })).toMatchObject({
    kind: 'refused',
    code: '0x80092003',
  });
});

test('C08: Set Active Stage goes back to a visited stage or on to the next, else 0x80092003', () => {
  const set = (stage: string, row = poor, instance = at('qualify', 'develop')) =>
    step(flow, instance, { row }, { kind: 'setActiveStage', stage });
  expect(set('qualify')).toMatchObject({ changes: { traversedpath: 'qualify' } });
  expect(set('close')).toMatchObject({ changes: { traversedpath: 'qualify,develop,close' } });
  expect(set('close', {})).toMatchObject({ kind: 'blocked' });
  expect(set('propose')).toMatchObject({ kind: 'refused', code: '0x80092003' });
  expect(set('close', poor, start)).toMatchObject({ kind: 'refused', code: '0x80092003' });
});

test('P02: each of the eight codes of instances has its misuse', () => {
  const next = (instance: FlowInstance) => {
    const result = step(flow, instance, { row: poor }, { kind: 'nextStage' });
    return result.kind === 'refused' ? result.code : result.kind;
  };
  expect(next({ ...start, state: 'finished' })).toBe('0x80060377');
  expect(next({ ...start, activeStageId: null })).toBe('0x80060449');
  expect(next({ ...at('qualify', 'other'), activeStageId: 'other' })).toBe('0x80060450');
  expect(next({ ...start, traversedPath: 'qualify,,qualify' })).toBe('0x80092007');
  expect(next(at('develop'))).toBe('0x80060456');
  expect(next({ ...start, traversedPath: 'qualify,develop' })).toBe('0x80060455');
  expect(next({ ...start, traversedPath: 'qualify,other,qualify' })).toBe('0x80060458');
  expect(next(at('qualify', 'close'))).toBe('0x80092003');
});

test('P02: a write of an instance row is checked the same way', () => {
  expect(checkInstanceWrite(flow, null, start)).toBeNull();
  // Several moves that became one write.
  expect(checkInstanceWrite(flow, start, at('qualify', 'propose', 'close'))).toBeNull();
  expect(checkInstanceWrite(flow, at('qualify', 'develop'), at('qualify', 'propose'))).toBeNull();
  expect(checkInstanceWrite(flow, null, at('develop'))?.code).toBe('0x80060456');
  expect(checkInstanceWrite(flow, start, at('qualify', 'close'))?.code).toBe('0x80092003');
  const finished = { ...start, state: 'finished' as const };
  expect(
    checkInstanceWrite(flow, finished, { ...at('qualify', 'develop'), state: 'finished' })?.code,
  ).toBe('0x80060377');
  expect(checkInstanceWrite(flow, finished, at('qualify', 'develop'))).toBeNull();
  expect(checkInstanceWrite(flow, finished, { ...finished })).toBeNull();
});

test('P04, FL-5: the predicted path follows the row as it is edited; the active stage does not', () => {
  const path = (row: RowValues) =>
    flowPath(flow, start, row).map(({ stage, state }) => `${stage.id} ${state}`);
  expect(path(poor)).toEqual(['qualify active', 'develop predicted', 'close predicted']);
  expect(path(rich)).toEqual(['qualify active', 'propose predicted', 'close predicted']);
  expect(step(flow, start, { row: rich }, { kind: 'nextStage' })).toMatchObject({
    changes: { activestageid: 'propose' },
  });
  expect(
    flowPath(flow, at('qualify', 'develop'), rich).map(
      ({ stage, state }) => `${stage.id} ${state}`,
    ),
  ).toEqual(['qualify visited', 'develop active', 'close predicted']);
});

test('P04: one condition joins by AND or by OR, not by both', () => {
  const clause = (column: string) => ({ column, op: 'hasData' as const, operands: [] });
  const [first, ...rest] = definition.stages;
  const branched = (when: Parameters<typeof Object.assign>[0]): ProcessFlow => ({
    ...definition,
    stages: [{ ...first, branches: [{ when, next: 'propose' }] } as never, ...rest],
  });
  const mixed = { all: [clause('budget'), { any: [clause('need'), clause('outcome')] }] };
  const { flow: none, diagnostics } = compileFlow(branched(mixed), tables);
  expect(none).toBeNull();
  expect(diagnostics).toMatchObject([
    { code: 'flow.mixedAndOr', location: 'flow "Sales" /stages/0/branches/0/when' },
  ]);
  const nested = { all: [clause('budget'), { all: [clause('need'), clause('outcome')] }] };
  expect(compileFlow(branched(nested), tables).diagnostics).toEqual([]);
});

test('P03: exceeded limits are reported: flows, stages, steps, tables', () => {
  const stages = (count: number, steps: number, tableCount = 1) =>
    Array.from({ length: count }, (_, i) => ({
      id: `s${i}`,
      name: `Stage ${i}`,
      table: `t${i % tableCount}`,
      steps: Array.from({ length: steps }, () => ({ ...required('budget'), required: false })),
    }));
  const codes = (count: number, steps: number, tableCount = 1) =>
    compileFlow(
      { ...definition, stages: stages(count, steps, tableCount) },
      () => lead,
    ).diagnostics.map((one) => one.code);
  expect(codes(30, 30, 5)).toEqual([]);
  expect(codes(31, 1)).toEqual(['flow.tooManyStages']);
  expect(codes(1, 31)).toEqual(['flow.tooManySteps']);
  expect(codes(6, 1, 6)).toEqual(['flow.tooManyTables']);
  const many = (count: number) =>
    Array.from({ length: count }, (_, i) => ({ ...definition, id: String(i) }));
  expect(checkFlows(many(10))).toEqual([]);
  expect(checkFlows(many(11)).map((one) => one.code)).toEqual(['flow.tooManyFlows']);
});

test('a flow that is wrong does not run, and says where', () => {
  const [qualify, develop, , close] = definition.stages;
  const of = (...stages: readonly unknown[]) =>
    compileFlow({ ...definition, stages } as ProcessFlow, tables);
  const codes = (...stages: readonly unknown[]) => {
    const result = of(...stages);
    expect(result.flow).toBeNull();
    return result.diagnostics.map((one) => `${one.code} ${one.location}`);
  };
  expect(codes()).toEqual(['flow.noStage flow "Sales" /stages']);
  expect(codes(close, close)).toEqual(['flow.duplicateStage flow "Sales" /stages/1/id']);
  expect(codes({ ...close, id: 'a,b' })).toEqual(['flow.stageId flow "Sales" /stages/0/id']);
  expect(codes({ ...develop, next: 'gone' })).toEqual([
    'flow.unknownStage flow "Sales" /stages/0/next',
  ]);
  expect(codes(qualify, develop, close)).toEqual([
    'flow.unknownStage flow "Sales" /stages/0/branches/0/next',
  ]);
  expect(codes({ ...close, table: 'gone' })).toEqual([
    'flow.unknownTable flow "Sales" /stages/0/table',
  ]);
  expect(codes({ ...close, steps: [required('gone')] })).toEqual([
    'flow.unknownColumn flow "Sales" /stages/0/steps/0/column',
  ]);
  expect(codes(develop, { ...close, next: 'develop' })).toEqual([
    'flow.circle flow "Sales" /stages/1/next',
  ]);
  const lost = of({ ...develop, next: 'close' }, { ...close, id: 'lost' }, close);
  expect(lost.flow).not.toBeNull();
  expect(lost.diagnostics).toMatchObject([
    { severity: 'warning', code: 'flow.unreachableStage', location: 'flow "Sales" /stages/1' },
  ]);
});

test('C02, C03, C04: a flow is offline on a mobile host, of an enabled app, of one table, with all instances', () => {
  const reasons = (
    more: Partial<ProcessFlow> = {},
    app: { offlineEnabled?: boolean } = {},
    onDevice = ['lead', 'i'],
    host: 'mobile' | 'browser' = 'mobile',
    flows: readonly ProcessFlow[] = [],
  ) => {
    const one = { ...definition, ...more };
    return flowAvailability(one, { flows: [one, ...flows], ...app }, new Set(onDevice), host).map(
      ({ reason }) => reason,
    );
  };
  expect(reasons()).toEqual([]);
  expect(reasons({}, {}, ['lead', 'i'], 'browser')).toEqual(['notMobileHost']);
  expect(reasons({}, { offlineEnabled: false })).toEqual(['notOfflineEnabled']);
  const [first] = definition.stages;
  const two = [first, { ...first, id: 'x', table: 'opportunity' }] as ProcessFlow['stages'];
  expect(reasons({ stages: two })).toEqual(['multiTable']);
  expect(reasons({}, {}, ['lead'])).toEqual(['instanceTableNotInProfile']);
  const sibling = { ...definition, id: 'g', instanceTable: 'j' };
  expect(reasons({}, {}, ['lead', 'i'], 'mobile', [sibling])).toEqual(['siblingFlowNotInProfile']);
  expect(reasons({}, {}, ['lead', 'i', 'j'], 'mobile', [sibling])).toEqual([]);
});

test('an instance that stands right is not faulted', () => {
  for (const path of [['qualify'], ['qualify', 'propose', 'close'], ['qualify', 'develop']]) {
    expect(checkInstance(flow, at(...path))).toBeNull();
  }
});
