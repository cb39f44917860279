import type { ProcessFlow } from '@outpost/model';
import { expect, test } from 'vitest';
import { type FlowPosition, startPosition, step } from '../src/index.ts';

const stage = (id: string, column: string) => ({
  id,
  name: id,
  table: 'lead',
  steps: [{ column, label: column, required: true }],
});
const flow: ProcessFlow = {
  id: 'f',
  name: 'Sales',
  table: 'lead',
  instanceTable: 'i',
  instanceColumn: 'leadid',
  stages: [stage('qualify', 'budget'), stage('develop', 'need'), stage('close', 'done')],
};
const start = startPosition(flow) as FlowPosition;

test('next needs the required steps; a two-option step needs Yes', () => {
  expect(step(flow, start, { kind: 'next' }, {})).toMatchObject({
    kind: 'refused',
    reason: 'stageGate',
    columns: ['budget'],
  });
  expect(step(flow, start, { kind: 'next' }, { budget: false })).toMatchObject({ kind: 'refused' });
  expect(step(flow, start, { kind: 'next' }, { budget: 5 })).toMatchObject({
    kind: 'moved',
    position: { activeStageId: 'develop', traversedPath: ['qualify', 'develop'] },
  });
});

test('previous and set active go back along the path only', () => {
  const later: FlowPosition = {
    activeStageId: 'close',
    traversedPath: ['qualify', 'develop', 'close'],
  };
  expect(step(flow, later, { kind: 'previous' }, {})).toMatchObject({
    kind: 'moved',
    position: { activeStageId: 'develop' },
  });
  expect(step(flow, later, { kind: 'setActive', stageId: 'qualify' }, {})).toMatchObject({
    kind: 'moved',
    position: { traversedPath: ['qualify'] },
  });
  expect(step(flow, start, { kind: 'setActive', stageId: 'close' }, {})).toMatchObject({
    kind: 'refused',
    code: '0x80092003',
  });
  expect(step(flow, start, { kind: 'previous' }, {})).toMatchObject({
    kind: 'refused',
    reason: 'atStart',
  });
  expect(step(flow, later, { kind: 'next' }, { done: true })).toMatchObject({
    kind: 'refused',
    reason: 'atEnd',
  });
  expect(
    step(flow, { activeStageId: 'gone', traversedPath: [] }, { kind: 'next' }, {}),
  ).toMatchObject({ code: '0x80060450' });
});
