import { afterAll, beforeAll, expect, test } from 'vitest';
import { Desk } from '../src/tui/desk.ts';
import { drawFrame } from '../src/tui/frame.ts';
import type { Look } from '../src/tui/look.ts';
import type { OpenDevice, World } from '../src/world/world.ts';
import { openSyncedPhone } from './synced-phone.ts';

let world: World;
let phone: OpenDevice;
beforeAll(async () => {
  ({ world, phone } = await openSyncedPhone({ rows: 100 }));
});
afterAll(() => world.close());

const plain: Look = { color: false, ascii: true, screenReader: false };

function openDesk() {
  const desk = new Desk({
    world,
    devices: [phone],
    quit: () => undefined,
    interrupt: () => undefined,
  });
  const [store] = desk.devices;
  if (store === undefined) throw new Error('There is a device.');
  const text = () =>
    drawFrame(desk, 120, 40, plain)
      .map((runs) => runs.map((run) => run.text).join(''))
      .join('\n');
  return { desk, store, text };
}

test('N06a: the form of a closed row says why it cannot be edited, and offers what opens it again', () => {
  const { desk, store, text } = openDesk();
  const saved = phone.device.create('lead', { subject: 'Roof', lastname: 'Meier' });
  const id = saved.kind === 'saved' ? saved.id : '';
  store.openForm('lead', id);
  desk.press('m');
  expect(text()).toContain('Qualify');
  desk.press('escape');
  expect(phone.device.disqualify(id, 'Lost').kind).toBe('saved');
  expect(text()).toContain("Read-only. This record's status: Disqualified.");
  desk.press('return');
  expect(store.screen).toBe('form');
  desk.press('m');
  expect(text()).toContain('Reactivate Lead');
  expect(text()).not.toContain('Qualify');
  desk.press('return');
  expect(phone.device.get('lead', id)).toMatchObject({ statecode: 0 });
  expect(text()).not.toContain('Read-only.');
  desk.close();
});

test('N10c: a new row says what the organization gives', () => {
  const { desk, store, text } = openDesk();
  store.openForm('account', null);
  expect(text()).toMatch(/Owner +\(given by the organization\)/);
  store.place.form?.discard();
  desk.close();
});
