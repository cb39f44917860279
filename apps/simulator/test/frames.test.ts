import type { System } from '@outpost/model';
import { namedRows, sampleUsers } from '@outpost/sample';
import type { Icon, SyncStatus } from '@outpost/sync';
import { filter, firstValueFrom } from 'rxjs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Desk } from '../src/tui/desk.ts';
import type { DeviceStore } from '../src/tui/device-store.ts';
import { drawFrame } from '../src/tui/frame.ts';
import { fit, type Line, widthOf, wrapped } from '../src/tui/line.ts';
import { detectLook, type Look } from '../src/tui/look.ts';
import type { ScreenId } from '../src/tui/place.ts';
import { screens } from '../src/tui/screens/screens.ts';
import type { OpenDevice, World } from '../src/world/world.ts';
import { openSyncedPhone } from './synced-phone.ts';

let world: World;
let opened: OpenDevice;
let system: System;
beforeAll(async () => {
  ({ world, phone: opened, system } = await openSyncedPhone({ rows: 300 }));
});
afterAll(() => world.close());

const plain: Look = { color: false, ascii: true, screenReader: false };
const textOf = (lines: readonly Line[]) =>
  lines.map((runs) => runs.map((run) => run.text).join('')).join('\n');
const signs: Readonly<Record<Icon, string>> = {
  syncing: '(~)',
  error: '(x)',
  warning: '(!)',
  pendingUpload: '(^)',
  notConnected: '(-)',
  connected: '(+)',
};

function openDesk(device: OpenDevice = opened): {
  readonly desk: Desk;
  readonly store: DeviceStore;
} {
  const nothing = () => undefined;
  const desk = new Desk({ world, devices: [device], quit: nothing, interrupt: nothing });
  const [store] = desk.devices;
  if (store === undefined) throw new Error('There is a device.');
  return { desk, store };
}

/** Shows an icon whatever the device is doing. */
function showIcon(store: DeviceStore, icon: Icon): void {
  const status: SyncStatus = { ...store.device.sync.currentStatus, icon };
  Object.defineProperty(store, 'status', { get: () => status, configurable: true });
}

function goTo(store: DeviceStore, screen: ScreenId): void {
  const row = { table: 'account', id: namedRows.alpine };
  if (screen === 'form') store.openForm(row.table, row.id);
  else if (screen === 'pick')
    store.go('pick', { choices: { title: 'Views', options: () => [], choose: () => undefined } });
  else store.go(screen, row);
}

describe.each(Object.keys(screens) as readonly ScreenId[])('A12: the %s screen', (screen) => {
  const firstLine = (frame: readonly Line[]) => textOf(frame.slice(0, 1));

  test('shows every icon', () => {
    const { desk, store } = openDesk();
    goTo(store, screen);
    for (const [icon, sign] of Object.entries(signs) as readonly (readonly [Icon, string])[]) {
      showIcon(store, icon);
      expect(firstLine(drawFrame(desk, 40, 10, plain)), icon).toContain(sign);
    }
    desk.close();
  });

  test.each([
    [40, 10],
    [60, 20],
    [80, 24],
    [120, 40],
    [200, 50],
  ])('fits %i x %i, with the icon', (columns, rows) => {
    const { desk, store } = openDesk();
    goTo(store, screen);
    showIcon(store, 'notConnected');
    const frame = drawFrame(desk, columns, rows, plain);
    expect(frame.length).toBe(rows);
    for (const one of frame) expect(widthOf(textOf([one]))).toBe(columns);
    expect(firstLine(frame)).toContain(signs.notConnected);
    desk.close();
  });
});

test('U-12: no window is too small, down to one character', () => {
  const { desk } = openDesk();
  for (const [columns, rows] of [
    [1, 1],
    [39, 9],
    [2, 200],
    [300, 1],
  ] as const) {
    const frame = drawFrame(desk, columns, rows, plain);
    expect(frame.length).toBe(rows);
    for (const one of frame) expect(widthOf(textOf([one]))).toBe(columns);
  }
  desk.close();
});

test('U-7: while text is typed no letter is a command', () => {
  const { desk, store } = openDesk();
  desk.press('/');
  for (const letter of 'qosdhvx?') desk.press(letter);
  expect(store.search.text).toBe('qosdhvx?');
  expect(store.screen).toBe('search');
  desk.press('escape');
  store.openForm('account', namedRows.alpine);
  desk.press('return');
  for (const letter of 'qq') desk.press(letter);
  expect(store.input?.text).toContain('qq');
  desk.press('escape');
  expect(store.input).toBeNull();
  // The line goes on where it was left.
  expect(store.place.form?.current.typing?.text).toContain('qq');
  desk.press('return');
  expect(store.input?.text).toContain('qq');
  desk.press('escape');
  store.place.form?.discard();
  desk.close();
});

describe('N04: no key loses what was typed into a form', () => {
  const edited = () => {
    const { desk, store } = openDesk();
    store.openForm('account', namedRows.alpine);
    store.place.form?.set('telephone1', '1');
    return { desk, store };
  };
  const choose = (desk: Desk, label: string) => {
    for (const letter of label) desk.press(letter === ' ' ? 'space' : letter);
    desk.press('return');
  };

  test.each(['escape', 'h', 'q'])('%s asks', (key) => {
    const { desk, store } = edited();
    desk.press(key);
    expect(textOf(drawFrame(desk, 80, 24, plain))).toContain('changes that are not saved');
    desk.press('return');
    expect(store.screen).toBe('form');
    expect(store.place.form?.current.dirty).toBe(true);
    desk.press(key);
    choose(desk, 'Discard');
    expect(store.screen).toBe('home');
    expect(store.device.drafts()).toEqual([]);
    expect(store.device.get('account', namedRows.alpine)?.['telephone1']).not.toBe('1');
    desk.close();
  });

  test('q asks for each device, and quits when nothing is left to ask', () => {
    let quits = 0;
    const desk = new Desk({
      world,
      devices: [opened],
      quit: () => {
        quits += 1;
      },
      interrupt: () => undefined,
    });
    const [store] = desk.devices;
    store?.openForm('account', namedRows.alpine);
    store?.place.form?.set('telephone1', '1');
    desk.press('q');
    expect(quits).toBe(0);
    choose(desk, 'Leave');
    expect(quits).toBe(1);
    expect(opened.device.drafts()).toHaveLength(1);
    opened.device.openForm('account', namedRows.alpine).forget();
    desk.close();
  });

  test('what is left is offered when the form is opened again, and listed at home', () => {
    const { desk, store } = edited();
    desk.press('h');
    choose(desk, 'Leave');
    expect(textOf(drawFrame(desk, 80, 24, plain))).toContain('1 form was left without saving');
    store.openForm('account', namedRows.alpine);
    expect(textOf(drawFrame(desk, 80, 24, plain))).toContain('You typed into this form until');
    choose(desk, 'Not now');
    expect(store.place.form?.current.dirty).toBe(false);
    desk.press('escape');
    desk.press('e');
    choose(desk, 'Alpine');
    expect(store.place.form?.current).toMatchObject({ dirty: true, draft: null });
    store.place.form?.discard();
    desk.close();
  });
});

test('N01a: a field that others have changed under what is typed shows both values', async () => {
  const { desk, store } = openDesk();
  const id = namedRows.alpine;
  store.openForm('account', id);
  const { form } = store.place;
  form?.set('telephone1', '+43 1');
  const server = world.organization.as(sampleUsers.carla.id);
  await server.update({ table: 'account', id, values: { telephone1: '+43 2' } });
  expect(await store.device.sync.run('DELTA_SYNC')).toMatchObject({ kind: 'done' });
  expect(textOf(drawFrame(desk, 120, 40, plain))).toMatch(
    /\+43 1 +\|.*\n +\[K\] mine \[T\] theirs: \+43 2 \(was \+47 555 01 10\)/,
  );
  store.set({ selected: store.formFields().findIndex((one) => one.column === 'telephone1') });
  desk.press('T');
  expect(textOf(drawFrame(desk, 120, 40, plain))).not.toContain('[K] mine');
  expect(form?.current.dirty).toBe(false);
  desk.close();
});

describe('N02l: one device, several users', () => {
  const choose = (desk: Desk, label: string) => {
    for (const letter of label) desk.press(letter === ' ' ? 'space' : letter);
    desk.press('return');
  };
  const frame = (desk: Desk) => textOf(drawFrame(desk, 100, 30, plain));
  /** Resolves when it is said that somebody is signed in. */
  const signedIn = (desk: Desk, name: string) =>
    firstValueFrom(
      desk.changes.pipe(
        filter(() => desk.devices[0]?.message.includes(`${name} `) === true),
        filter(() => desk.devices[0]?.userName.startsWith(name) === true),
      ),
    );

  test.each([
    ['keep them', '1 edit kept for their return', 1],
    ['give them up', '1 edit given up', 0],
  ])('signing out says what waits; %s', async (answer, told, kept) => {
    const { world: own, phone } = await openSyncedPhone({ rows: 50 });
    const nothing = () => undefined;
    const desk = new Desk({ world: own, devices: [phone], quit: nothing, interrupt: nothing });
    phone.device.update('account', namedRows.alpine, { telephone1: '1' });
    desk.press('d');
    expect(frame(desk)).toContain('Ana Silva; [U] signs out');
    desk.press('U');
    expect(frame(desk)).toContain('Sign out Ana Silva: 1 edit is not in the organization');
    choose(desk, answer);
    expect(frame(desk)).toContain('Sign in as');
    choose(desk, 'Ben');
    await signedIn(desk, sampleUsers.ben.first);
    expect(frame(desk)).toContain(`Ana Silva is signed out (${told}).`);
    const [ben] = desk.devices;
    expect(ben?.status).toMatchObject({ readiness: 'notAvailable', pending: { updates: 0 } });
    expect(await ben?.device.sync.run('DELTA_SYNC')).toMatchObject({ kind: 'done' });
    expect(ben?.device.sync.hello?.user.id).toBe(sampleUsers.ben.id);
    desk.press('d');
    desk.press('U');
    expect(frame(desk)).toMatch(/Sign out Ben .*: nothing waits/);
    choose(desk, 'Sign out');
    choose(desk, 'Ana');
    await signedIn(desk, sampleUsers.ana.first);
    const [ana] = desk.devices;
    expect(ana?.status.pending.updates).toBe(kept);
    expect(await ana?.device.sync.run('DELTA_SYNC')).toMatchObject({ kind: 'done' });
    const telephone = ana?.device.get('account', namedRows.alpine)?.['telephone1'];
    expect(telephone === '1').toBe(kept === 1);
    desk.close();
    await own.close();
  });

  test('who stays signed in loses nothing', () => {
    const { desk, store } = openDesk();
    store.go('status');
    desk.press('U');
    choose(desk, 'Stay');
    expect(store.screen).toBe('status');
    expect(store.userName).toBe('Ana Silva');
    desk.close();
  });
});

test('U-10: rows of the newest commit are marked in a grid', () => {
  const { desk, store } = openDesk();
  store.go('grid', { table: 'account' });
  expect(textOf(drawFrame(desk, 100, 30, plain))).not.toMatch(/^ .\*/m);
  store.device.update('account', namedRows.alpine, { description: 'Wants a quote.' });
  expect(textOf(drawFrame(desk, 100, 30, plain))).toMatch(/^ .\*Alpine Ski House/m);
  const entry = store.device.sync.outbox.pending()[0];
  if (entry !== undefined) store.device.sync.undo(entry.key);
  desk.close();
});

test('N05c: deleting asks, names the row and what goes with it, and can be undone by a key until it is sent', async () => {
  const { desk, store } = openDesk();
  const frame = () => textOf(drawFrame(desk, 100, 30, plain));
  const { device } = store;
  const made = device.create('account', { name: 'Fabrikam' });
  const account = made.kind === 'saved' ? made.id : '';
  const parentcustomerid = { table: 'account', id: account };
  for (const lastname of ['Nowak', 'Silva'])
    device.create('contact', { lastname, parentcustomerid });
  device.create('account', { name: 'Branch', parentaccountid: parentcustomerid });
  const isThere = () => device.get('account', account) !== null;
  store.go('grid', { table: 'account', term: 'Fabrikam' });
  desk.press('D');
  expect(frame()).toContain('Delete Account "Fabrikam"?');
  expect(frame()).toContain('goes with it: 2 Contacts (');
  expect(frame()).toContain('stays without Parent Account: 1 Account (Branch)');
  desk.press('n');
  expect([isThere(), store.screen]).toEqual([true, 'grid']);
  desk.press('D');
  desk.press('y');
  expect([isThere(), store.screen]).toEqual([false, 'grid']);
  expect(store.message).toBe(
    'Account "Fabrikam" is deleted on this device. U brings it back until it is sent.',
  );
  store.go('queue');
  expect(frame()).toMatch(/delete Account: Fabrikam, with 3 other rows/);
  desk.press('escape');
  desk.press('U');
  expect([isThere(), store.message]).toEqual([true, 'Account "Fabrikam" is back.']);
  desk.press('U');
  expect(store.message).toBe('No deletion waits: there is nothing to bring back.');
  store.openForm('account', account);
  desk.press('m');
  for (const letter of 'delete') desk.press(letter);
  desk.press('return');
  desk.press('y');
  expect([isThere(), store.screen]).toEqual([false, 'grid']);
  for (const entry of device.sync.outbox.pending()) device.sync.undo(entry.key);
  desk.close();
});

test('X14: an open row that is deleted meanwhile is "Record Not Found", with the reason', async () => {
  const { desk, store } = openDesk();
  const made = store.device.create('account', { name: 'Soon gone' });
  if (made.kind !== 'saved') throw new Error(JSON.stringify(made));
  expect(await store.device.sync.run('DELTA_SYNC')).toMatchObject({ kind: 'done' });
  store.openForm('account', made.id);
  const frame = () => textOf(drawFrame(desk, 100, 30, plain));
  expect(frame()).toContain('Soon gone');
  await world.organization.as(sampleUsers.carla.id).delete('account', made.id);
  expect(frame()).toContain('Soon gone');
  expect(await store.device.sync.run('DELTA_SYNC')).toMatchObject({ kind: 'done' });
  expect(frame()).toMatch(/Record Not Found\s+The row is not on this device any more: deleted\./);
  desk.close();
});

test('a grid is sorted by each column, up and down, and then as the view says', () => {
  const { desk, store } = openDesk();
  store.go('grid', { table: 'account' });
  const names = () => store.grid().rows.map((row) => row.values['name']);
  const asTheViewSays = names();
  desk.press('S');
  expect(store.place.sort).toEqual({ column: 'name', descending: false });
  desk.press('S');
  expect(names()).toEqual([...names()].sort().reverse());
  const columns = store.grid().columns.filter((one) => one.table === 'account').length;
  for (let n = 1; n < 2 * columns; n++) desk.press('S');
  expect(store.place.sort).toBeNull();
  expect(names()).toEqual(asTheViewSays);
  desk.close();
});

test('A14: the device status tells network, data, last sync, tables, edits, errors, storage and what comes next', () => {
  const { desk } = openDesk();
  desk.press('d');
  const text = textOf(drawFrame(desk, 110, 60, plain));
  for (const part of [
    'Network        connected',
    'Offline data   Available',
    'Last sync      20',
    'Last result    done',
    'By itself      only when asked',
    'To upload      0 updates on 0 rows',
    'Sync errors    0',
    'Storage used',
    /account +#+ +\d+ \/ \d+ +\d+ kB ready/,
  ]) {
    expect(text).toMatch(part);
  }
  desk.close();
});

test('A09, U-11: the three notifications: first sync, refresh of a grid, refresh without network', async () => {
  const second = await world.openDevice({
    name: 'tablet',
    user: 'ben',
    start: 'manual',
    online: true,
    pageRows: 20,
    system,
  });
  const sync = async () =>
    expect(await second.device.sync.run('DELTA_SYNC')).toMatchObject({ kind: 'done' });
  const { desk, store } = openDesk(second);
  const frames: string[] = [];
  const subscription = desk.changes.subscribe(() =>
    frames.push(textOf(drawFrame(desk, 110, 30, plain))),
  );
  await sync();
  expect(
    frames.some((one) =>
      /Syncing offline data: [\d,]+ rows downloaded, .* used +\[d\] See details/.test(one),
    ),
  ).toBe(true);
  store.go('grid', { table: 'account' });
  frames.length = 0;
  desk.press('r');
  await sync();
  expect(frames).toContainEqual(expect.stringMatching(/^ Updating data\.\.\. +$/m));
  await sync();
  frames.length = 0;
  await sync();
  expect(frames.some((one) => /Syncing offline data|^ Updating data/m.test(one))).toBe(false);
  second.online.next(false);
  desk.press('r');
  expect(store.message).toBe('Network or Service Unavailable');
  subscription.unsubscribe();
  desk.close();

  // The server desk leads back to the device one came from.
  const nothing = () => undefined;
  const both = new Desk({ world, devices: [opened, second], quit: nothing, interrupt: nothing });
  both.press('2');
  both.press('v');
  expect(both.focused).toBe(both.server);
  both.press('d');
  expect(both.server.message).toBe('That is a key of devices; v goes back to them.');
  both.press('v');
  expect(both.focus).toBe(1);
  both.close();
});

test('widths: wide and combining characters are cut by columns, control characters never pass', () => {
  for (const text of [
    '日本語テキスト',
    'e\u0301e\u0301e\u0301e\u0301',
    '👩‍👩‍👧 family of three',
    'plain text here',
  ])
    for (let width = 0; width < 12; width++) expect(widthOf(fit(text, width))).toBe(width);
  expect(fit('a\x1b[31mb', 8)).not.toContain('\x1b');
  for (const one of wrapped('some words that are broken between each other', 12))
    expect(widthOf(one)).toBeLessThanOrEqual(12);
});

test('what a terminal can show follows from its environment, and options win', () => {
  const look = (env: Record<string, string>, noColor = false) =>
    detectLook({
      env: { LANG: 'en_US.UTF-8', ...env },
      noColor,
      ascii: false,
      screenReader: false,
    });
  expect(look({})).toEqual({ color: true, ascii: false, screenReader: false });
  expect(look({ NO_COLOR: '1' }).color).toBe(false);
  expect(look({ NO_COLOR: '' }).color).toBe(true);
  expect(look({ NO_COLOR: '1', FORCE_COLOR: '1' }).color).toBe(true);
  expect(look({ FORCE_COLOR: '1' }, true).color).toBe(false);
  expect(look({ TERM: 'dumb' })).toEqual({ color: false, ascii: true, screenReader: false });
  expect(look({ TERM: 'linux' }).ascii).toBe(true);
  expect(look({ LANG: 'C' }).ascii).toBe(true);
  expect(look({ INK_SCREEN_READER: 'true' }).screenReader).toBe(true);
});
