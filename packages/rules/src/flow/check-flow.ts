import type { Diagnostic, ProcessFlow, ProcessStage, Table } from '@outpost/model';
import { mixesAndOr } from '../rule/condition.ts';
import { ConditionCheck } from '../rule/condition-check.ts';
import { nextOf } from './next-of.ts';

/** Limits of business process flows. (Power Automate: business process flows overview.) */
const maxStages = 30;
const maxSteps = 30;
const maxTables = 5;
const maxFlows = 10;

/** Finds what makes a flow unusable, and which limits of the platform it exceeds. */
export function checkFlow(
  flow: ProcessFlow,
  tables: (name: string) => Table | undefined,
): readonly Diagnostic[] {
  const found: Diagnostic[] = [];
  const report = (
    code: string,
    message: string,
    path: string,
    severity: Diagnostic['severity'] = 'error',
  ) =>
    found.push({
      severity,
      code: `flow.${code}`,
      message,
      location: `flow "${flow.name}" ${path}`,
    });
  const { stages } = flow;
  if (stages.length === 0) report('noStage', 'The flow has no stage.', '/stages');
  const ids = new Set(stages.map(({ id }) => id));
  for (const [i, stage] of stages.entries()) {
    const path = `/stages/${i}`;
    if (stages.findIndex(({ id }) => id === stage.id) < i) {
      report('duplicateStage', `Two stages have the id ${stage.id}.`, `${path}/id`);
    }
    if (stage.id === '' || stage.id.includes(',')) {
      report('stageId', 'The id of a stage is a word without commas.', `${path}/id`);
    }
    if (typeof stage.next === 'string' && !ids.has(stage.next)) {
      report('unknownStage', `There is no stage ${stage.next}.`, `${path}/next`);
    }
    for (const [j, branch] of (stage.branches ?? []).entries()) {
      if (!ids.has(branch.next)) {
        report('unknownStage', `There is no stage ${branch.next}.`, `${path}/branches/${j}/next`);
      }
    }
    checkStage(stage, tables(stage.table), path, report);
    if (stage.steps.length > maxSteps) {
      const message = `Stage "${stage.name}" has ${stage.steps.length} steps, more than ${maxSteps}.`;
      report('tooManySteps', message, `${path}/steps`, 'warning');
    }
  }
  if (found.length === 0) {
    for (const [i, place] of backward(flow)) {
      const message = `Stage "${stages[i]?.name}" leads back to a stage before it.`;
      report('circle', message, `/stages/${i}${place}`);
    }
    const reached = reachable(flow);
    for (const [i, stage] of stages.entries()) {
      if (reached.has(stage.id)) continue;
      report('unreachableStage', `No stage leads to "${stage.name}".`, `/stages/${i}`, 'warning');
    }
  }
  if (stages.length > maxStages) {
    const message = `The flow has ${stages.length} stages, more than ${maxStages}.`;
    report('tooManyStages', message, '/stages', 'warning');
  }
  const named = new Set(stages.map((stage) => stage.table));
  if (named.size > maxTables) {
    const message = `The flow spans ${named.size} tables, more than ${maxTables}.`;
    report('tooManyTables', message, '/stages', 'warning');
  }
  return found;
}

/** Limits that concern all flows of an app together. */
export function checkFlows(flows: readonly ProcessFlow[]): readonly Diagnostic[] {
  return [...new Set(flows.map(({ table }) => table))].flatMap((table): Diagnostic[] => {
    const count = flows.filter((one) => one.table === table).length;
    if (count <= maxFlows) return [];
    const message = `Table "${table}" has ${count} process flows, more than ${maxFlows}.`;
    return [{ severity: 'warning', code: 'flow.tooManyFlows', message, location: table }];
  });
}

type Report = (code: string, message: string, path: string) => void;

function checkStage(
  stage: ProcessStage,
  table: Table | undefined,
  path: string,
  report: Report,
): void {
  if (table === undefined) {
    report('unknownTable', `There is no table "${stage.table}".`, `${path}/table`);
    return;
  }
  for (const [j, step] of stage.steps.entries()) {
    if (table.columns.some((column) => column.name === step.column)) continue;
    const message = `Table "${table.name}" has no column "${step.column}".`;
    report('unknownColumn', message, `${path}/steps/${j}/column`);
  }
  const conditions = new ConditionCheck(table, report);
  for (const [j, { when }] of (stage.branches ?? []).entries()) {
    const place = `${path}/branches/${j}/when`;
    conditions.checkCondition(when, place);
    if (mixesAndOr(when)) {
      report('mixedAndOr', 'One condition joins clauses by AND or by OR, not by both.', place);
    }
  }
}

/** Ways from a stage to one that leads to it: rows go forward only. */
function backward(flow: ProcessFlow): readonly (readonly [number, string])[] {
  const at = new Map(flow.stages.map(({ id }, i) => [id, i]));
  const found: (readonly [number, string])[] = [];
  // 1: on the way here, 2: done.
  const state = new Map<number, 1 | 2>();
  const visit = (i: number): void => {
    state.set(i, 1);
    for (const [id, place] of waysOf(flow, i)) {
      const to = at.get(id);
      if (to === undefined) continue;
      if (state.get(to) === 1) found.push([i, place]);
      else if (!state.has(to)) visit(to);
    }
    state.set(i, 2);
  };
  for (const i of flow.stages.keys()) if (!state.has(i)) visit(i);
  return found;
}

function waysOf(flow: ProcessFlow, i: number): readonly (readonly [string, string])[] {
  const next = nextOf(flow, i);
  return [
    ...(flow.stages[i]?.branches ?? []).map((one, j) => [one.next, `/branches/${j}/next`] as const),
    ...(next === null ? [] : [[next, '/next'] as const]),
  ];
}

function reachable(flow: ProcessFlow): ReadonlySet<string> {
  const [first] = flow.stages;
  const found = new Set(first === undefined ? [] : [first.id]);
  const at = new Map(flow.stages.map(({ id }, i) => [id, i]));
  for (const id of found) for (const [to] of waysOf(flow, at.get(id) ?? 0)) found.add(to);
  return found;
}
