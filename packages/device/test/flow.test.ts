import type { AppModel, ProcessFlow } from '@outpost/model';
import { sampleApp } from '@outpost/sample';
import { afterEach, expect, test } from 'vitest';
import type { Device, DeviceOptions } from '../src/index.ts';
import { openWorld, sync, type World } from './world.ts';

let world: World;
afterEach(() => world.close());

const [leadFlow] = sampleApp.flows as readonly [ProcessFlow];
const [qualify, develop, propose, close] = leadFlow.stages as readonly [
  ProcessFlow['stages'][number],
  ProcessFlow['stages'][number],
  ProcessFlow['stages'][number],
  ProcessFlow['stages'][number],
];
/** Expensive leads are proposed to at once. */
const branched: AppModel = {
  ...sampleApp,
  flows: [
    {
      ...leadFlow,
      stages: [
        {
          ...qualify,
          branches: [
            {
              when: { column: 'budgetamount', op: 'greater', operands: [{ literal: 10_000 }] },
              next: propose.id,
            },
          ],
          next: develop.id,
        },
        { ...develop, next: close.id },
        propose,
        close,
      ],
    },
  ],
};

async function deviceWith(
  model: AppModel = sampleApp,
  options: Partial<DeviceOptions> = {},
): Promise<Device> {
  world = await openWorld(100, model);
  return world.synced('ana', options);
}

function newLead(device: Device, more: Readonly<Record<string, unknown>> = {}): string {
  const made = device.create('lead', { subject: 'Roof', lastname: 'Berg', ...more });
  return made.kind === 'saved' ? made.id : '';
}

test('C02, C03, C04: a flow that cannot be used offline says why, and no row is in it', async () => {
  const reasons = (device: Device) =>
    device.flows('lead').map((one) => one.reasons.map(({ reason }) => reason));
  const phone = await deviceWith();
  expect(reasons(phone)).toEqual([[]]);
  const browser = await world.synced('ana', { host: 'browser' });
  expect(reasons(browser)).toEqual([['notMobileHost']]);
  const lead = newLead(browser);
  expect(browser.flow('lead', lead)).toBeNull();
  expect(browser.moveFlow('lead', lead, { kind: 'nextStage' })).toMatchObject({
    kind: 'refused',
    reasons: [{ message: expect.stringContaining('mobile app only') }],
  });
  await world.close();
  expect(reasons(await deviceWith({ ...sampleApp, offlineEnabled: false }))).toEqual([
    ['notOfflineEnabled'],
  ]);
  await world.close();
  const stages = [qualify, { ...develop, table: 'opportunity', steps: [] }];
  const twoTables = { ...sampleApp, flows: [{ ...leadFlow, stages }] };
  expect(reasons(await deviceWith(twoTables))).toEqual([['multiTable']]);
  await world.close();
  const items = sampleApp.profile.items.filter((one) => one.table !== leadFlow.instanceTable);
  const without = { ...sampleApp, profile: { ...sampleApp.profile, items } };
  expect(reasons(await deviceWith(without))).toEqual([['instanceTableNotInProfile']]);
  await world.close();
  const roles = sampleApp.roles.map((role) => ({
    ...role,
    privileges: { ...role.privileges, [leadFlow.instanceTable]: {} },
  }));
  expect(reasons(await deviceWith({ ...sampleApp, roles }))).toEqual([['noPrivilege']]);
});

test('P04: the stages of a form follow its values as they are typed; the active stage stays', async () => {
  const device = await deviceWith(branched);
  const form = device.openForm('lead', newLead(device, { budgetamount: 500 }));
  const stages = () =>
    form.current.flow?.stages.map(({ stage, state }) => `${stage.name} ${state}`);
  expect(stages()).toEqual(['Qualify active', 'Develop predicted', 'Close predicted']);
  form.set('budgetamount', 20_000);
  expect(stages()).toEqual(['Qualify active', 'Propose predicted', 'Close predicted']);
  // Moving on saves first, as the stage must be left with what it asked for.
  expect(form.moveFlow({ kind: 'nextStage' })).toMatchObject({ kind: 'saved' });
  expect(form.current.dirty).toBe(false);
  expect(stages()).toEqual(['Qualify visited', 'Propose active', 'Close predicted']);
  form.close();
});

test('C06, C07, C08: moves are edits of the instance row, queued and uploaded like any other', async () => {
  const device = await deviceWith(branched);
  const lead = newLead(device, { budgetamount: 500 });
  world.online.next(false);
  const instance = () =>
    device.store.all(
      `SELECT activestageid, traversedpath FROM ${leadFlow.instanceTable} WHERE leadid = ?`,
      [lead],
    );
  expect(device.moveFlow('lead', lead, { kind: 'nextStage' })).toMatchObject({ kind: 'saved' });
  expect(instance()).toEqual([[develop.id, `${qualify.id},${develop.id}`]]);
  expect(device.flow('lead', lead)?.commands).toEqual([
    { kind: 'nextStage' },
    { kind: 'previousStage' },
    { kind: 'setActiveStage', stage: qualify.id },
    { kind: 'setActiveStage', stage: close.id },
  ]);
  expect(device.moveFlow('lead', lead, { kind: 'previousStage' })).toMatchObject({ kind: 'saved' });
  expect(
    device.moveFlow('lead', lead, { kind: 'setActiveStage', stage: develop.id }),
  ).toMatchObject({ kind: 'saved' });
  expect(
    device.moveFlow('lead', lead, { kind: 'setActiveStage', stage: propose.id }),
  ).toMatchObject({ kind: 'refused', reasons: [{ kind: 'flow', code: '0x80092003' }] });
  world.online.next(true);
  await sync(device);
  expect(device.sync.errors.list()).toEqual([]);
  const other = await world.synced('ana');
  expect(other.flow('lead', lead)?.stage.name).toBe('Develop');
});

test('P02: an instance that stands where the flow does not allow it is refused, here and in the organization', async () => {
  const device = await deviceWith(branched);
  const lead = newLead(device, { budgetamount: 500 });
  device.moveFlow('lead', lead, { kind: 'nextStage' });
  await sync(device);
  const [[id]] = device.store.all(
    `SELECT businessprocessflowinstanceid FROM ${leadFlow.instanceTable} WHERE leadid = ?`,
    [lead],
  ) as [[string]];
  const wrong = {
    activestageid: propose.id,
    traversedpath: `${qualify.id},${develop.id},${propose.id}`,
  };
  expect(device.update(leadFlow.instanceTable, id, wrong)).toMatchObject({
    kind: 'refused',
    reasons: [{ kind: 'flow', code: '0x80092003' }],
  });
  device.store.write({ origin: 'local' }, (tx) => tx.update(leadFlow.instanceTable, id, wrong));
  await sync(device);
  expect(device.sync.errors.list()).toMatchObject([{ code: '0x80092003', type: 'Others' }]);
});

test('P01: what a rule hides is not asked for; what it locks is', async () => {
  const rule = (kind: 'visible' | 'lock') => ({
    ...sampleApp,
    rules: [
      {
        id: 'r',
        name: 'No budget',
        table: 'lead',
        scope: 'allForms' as const,
        state: 'active' as const,
        order: 0,
        branches: [
          {
            when: { column: 'subject', op: 'hasData' as const, operands: [] },
            then: [
              kind === 'visible'
                ? { kind, column: 'budgetamount', visible: false }
                : { kind, column: 'budgetamount', locked: true },
            ],
          },
        ],
      },
    ],
  });
  const move = async (kind: 'visible' | 'lock') => {
    const device = await deviceWith(rule(kind));
    return device.openForm('lead', newLead(device)).moveFlow({ kind: 'nextStage' });
  };
  expect(await move('visible')).toMatchObject({ kind: 'saved' });
  await world.close();
  expect(await move('lock')).toMatchObject({
    kind: 'refused',
    reasons: [{ kind: 'stageGate', columns: ['budgetamount'] }],
  });
});

test('of several flows, a row is in the one that has its instance, else in the first by order', async () => {
  const sibling: ProcessFlow = { ...leadFlow, id: 'second', name: 'Second', order: 2 };
  const device = await deviceWith({ ...sampleApp, flows: [sibling, { ...leadFlow, order: 1 }] });
  expect(device.flows('lead').map((one) => one.flow.name)).toEqual([leadFlow.name, 'Second']);
  expect(device.flow('lead', newLead(device))?.flow.name).toBe(leadFlow.name);
});
