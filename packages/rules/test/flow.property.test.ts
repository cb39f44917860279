import {
  type ColumnValue,
  type Condition,
  defineTable,
  type ProcessFlow,
  type ProcessStage,
  type RowValues,
} from '@outpost/model';
import { lengthOf } from '@outpost/vitest/length';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type CompiledFlow,
  checkInstance,
  checkInstanceWrite,
  compileFlow,
  type FlowCommand,
  type FlowInstance,
  flowCommands,
  flowPath,
  readInstance,
  startInstance,
  step,
} from '../src/index.ts';

const runs = lengthOf('OUTPOST_ROUNDS', { short: 200, long: 5000 });
const table = defineTable({
  name: 't',
  label: 'T',
  primaryName: 'a',
  ownership: 'user',
  columns: { a: { type: 'string' }, n: { type: 'integer' }, yes: { type: 'boolean' } },
});
const values: Readonly<Record<string, readonly ColumnValue[]>> = {
  a: [null, '', 'x'],
  n: [null, 0, 7],
  yes: [null, false, true],
};
const columns = Object.keys(values);

const condition: fc.Arbitrary<Condition> = fc.constantFrom<Condition>(
  { column: 'n', op: 'greater', operands: [{ literal: 5 }] },
  { column: 'yes', op: 'equals', operands: [{ literal: true }] },
  { column: 'a', op: 'noData', operands: [] },
);
/** Stages whose branches and defaults lead forward only. */
const flows: fc.Arbitrary<ProcessFlow> = fc
  .array(
    fc.record({
      steps: fc.array(fc.record({ column: fc.constantFrom(...columns), required: fc.boolean() }), {
        maxLength: 3,
      }),
      branches: fc.array(fc.record({ when: condition, skip: fc.nat(5) }), { maxLength: 2 }),
      skip: fc.option(fc.nat(5), { nil: undefined }),
      ends: fc.boolean(),
    }),
    { minLength: 1, maxLength: 8 },
  )
  .map((list) => {
    const id = (i: number) => `s${i}`;
    const ahead = (i: number, skip: number) =>
      i + 1 + skip < list.length ? id(i + 1 + skip) : null;
    const stages = list.map(({ steps, branches, skip, ends }, i): ProcessStage => {
      const found = branches.flatMap((one) => {
        const next = ahead(i, one.skip);
        return next === null ? [] : [{ when: one.when, next }];
      });
      const next = ends ? null : skip === undefined ? undefined : ahead(i, skip);
      return {
        id: id(i),
        name: id(i),
        table: 't',
        steps: steps.map((one) => ({ ...one, label: one.column })),
        ...(found.length === 0 ? {} : { branches: found }),
        ...(next === undefined ? {} : { next }),
      };
    });
    return { id: 'f', name: 'F', table: 't', instanceTable: 'i', instanceColumn: 't', stages };
  });
const rows: fc.Arbitrary<RowValues> = fc.record(
  Object.fromEntries(columns.map((name) => [name, fc.constantFrom(...(values[name] ?? []))])),
);
const hidden = fc.subarray(columns);
const moves = fc.array(
  fc.record({
    row: rows,
    hidden,
    online: fc.boolean(),
    kind: fc.constantFrom(
      'nextStage',
      'previousStage',
      'setActiveStage',
      'finish',
      'abandon',
      'reactivate',
    ),
    stage: fc.nat(9),
  }),
  { maxLength: 25 },
);

function open(flow: ProcessFlow): CompiledFlow {
  const compiled = compileFlow(flow, () => table).flow;
  if (compiled === null) throw new Error('The generator made a flow that does not run.');
  return compiled;
}

/** What the gate asks for, word by word. */
function gate(
  flow: ProcessFlow,
  path: readonly string[],
  row: RowValues,
  hides: readonly string[],
) {
  return path.flatMap((id) =>
    (flow.stages.find((stage) => stage.id === id)?.steps ?? [])
      .filter((one) => one.required && !hides.includes(one.column))
      .filter((one) => {
        const value = row[one.column] ?? null;
        return value === null || value === '' || value === false;
      })
      .map((one) => one.column),
  );
}

test('P02, FL-1, FL-2, FL-3, FL-4, FL-5, FL-6: what holds of a flow holds after any walk through any flow', () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(flows, moves, (definition, list) => {
      const flow = open(definition);
      let instance: FlowInstance = startInstance(flow);
      for (const { row, hidden: hides, online, kind, stage } of list) {
        const command: FlowCommand =
          kind === 'setActiveStage' ? { kind, stage: `s${stage}` } : { kind };
        const visible = Object.fromEntries(hides.map((name) => [name, false]));
        const subject = { row, visible, online };
        const result = step(flow, instance, subject, command);
        seen.add(`${kind} ${result.kind}`);
        // FL-6: what is offered is what is not refused.
        const offered = flowCommands(flow, instance, subject).some(
          (one) => JSON.stringify(one) === JSON.stringify(command),
        );
        expect(offered).toBe(result.kind !== 'refused');
        // FL-3: offline only the three.
        const onlyOnline = ['finish', 'abandon', 'reactivate'].includes(kind);
        if (!online && onlyOnline) seen.add(`offline ${result.kind}`);
        // FL-5: a look changes nothing, whatever the row says.
        const views = flowPath(flow, instance, row);
        expect(views.filter((one) => one.state === 'active').map((one) => one.stage.id)).toEqual([
          instance.activeStageId,
        ]);
        const path = instance.traversedPath.split(',');
        // FL-4: it is blocked by every missing column, and by nothing else.
        const asked = gate(definition, path, row, hides);
        const missing = result.kind === 'blocked' ? result.missing.map((one) => one.column) : [];
        const isGated = kind === 'nextStage' && result.kind !== 'refused';
        expect(missing).toEqual(isGated || result.kind === 'blocked' ? asked : []);
        expect(missing.length > 0).toBe(result.kind === 'blocked');
        if (result.kind !== 'moved') continue;
        // FL-1: the path begins with the first stage and ends with the active one.
        expect(checkInstance(flow, result.instance)).toBeNull();
        expect(checkInstanceWrite(flow, instance, result.instance)).toBeNull();
        const saved = { ...columnsOf(instance), ...result.changes };
        expect(readInstance(saved)).toEqual(result.instance);
        if (kind === 'nextStage') checkBack(flow, instance, result.instance);
        instance = result.instance;
      }
    }),
    { numRuns: runs },
  );
  // The walk met every outcome that there is.
  for (const outcome of [
    'nextStage moved',
    'nextStage blocked',
    'nextStage refused',
    'previousStage moved',
    'setActiveStage moved',
    'setActiveStage refused',
    'finish moved',
    'abandon moved',
    'reactivate moved',
    'offline refused',
  ]) {
    expect(seen).toContain(outcome);
  }
  expect([...seen].filter((one) => one.startsWith('offline'))).toEqual(['offline refused']);
});

/** FL-2: back again is where it was. */
function checkBack(flow: CompiledFlow, before: FlowInstance, after: FlowInstance): void {
  const back = step(flow, after, { row: {} }, { kind: 'previousStage' });
  expect(back).toMatchObject({ kind: 'moved', instance: before });
}

function columnsOf(instance: FlowInstance): RowValues {
  return {
    activestageid: instance.activeStageId,
    traversedpath: instance.traversedPath,
    ...{
      active: { statecode: 0, statuscode: 1 },
      finished: { statecode: 1, statuscode: 2 },
      aborted: { statecode: 1, statuscode: 3 },
    }[instance.state],
  };
}

test('P02: no instance row, whatever it holds, makes a flow throw or move wrongly', () => {
  const text = fc.oneof(
    fc.constantFrom('', 's0', 's0,s1', 's1', 's0,s0', ',', 's0,', 's0, s1'),
    fc.string(),
    fc.array(fc.constantFrom('s0', 's1', 's2', 'x'), { maxLength: 9 }).map((one) => one.join(',')),
  );
  let moved = 0;
  fc.assert(
    fc.property(
      flows,
      fc.record({
        activestageid: fc.oneof(fc.constantFrom(null, 's0', 's1'), fc.string()),
        traversedpath: fc.option(text),
        statecode: fc.constantFrom(null, 0, 1),
        statuscode: fc.constantFrom(null, 1, 2, 3),
      }),
      rows,
      (definition, stored, row) => {
        const flow = open(definition);
        const instance = readInstance(stored);
        for (const command of flowCommands(flow, instance, { row, online: true })) {
          const result = step(flow, instance, { row, online: true }, command);
          if (result.kind !== 'moved' || command.kind === 'reactivate') continue;
          moved += 1;
          expect(checkInstance(flow, result.instance)).toBeNull();
        }
        expect(() => flowPath(flow, instance, row)).not.toThrow();
      },
    ),
    { numRuns: runs },
  );
  expect(moved).toBeGreaterThan(0);
});
