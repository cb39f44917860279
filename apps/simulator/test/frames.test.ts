import { platformSystem } from '@outpost/device';
import type { Icon, SyncStatus } from '@outpost/sync';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AppStore } from '../src/tui/app-store.ts';
import type { Line } from '../src/tui/line.ts';
import { drawFrame } from '../src/tui/screens.ts';
import { type OpenDevice, openWorld, type World } from '../src/world/world.ts';

let world: World;
let opened: OpenDevice;
beforeAll(async () => {
  world = await openWorld({
    rows: 300,
    seed: 1,
    solution: null,
    data: null,
    dir: null,
    system: platformSystem,
  });
  opened = await world.openDevice({ name: 'phone', user: 'ana', start: 'manual', online: true });
  await opened.device.sync.run('DELTA_SYNC');
});
afterAll(() => world.close());

/** A store that shows a given icon. */
class ShownStore extends AppStore {
  icon: Icon | null = null;
  override get status(): SyncStatus {
    const status = super.status;
    return this.icon === null ? status : { ...status, icon: this.icon };
  }
}
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
/** Keys from the home screen to each screen. */
const screens = {
  home: [],
  grid: ['return'],
  form: ['return', 'n'],
  search: ['/'],
  status: ['d'],
  errors: ['x'],
  help: ['?'],
};

describe.each(Object.entries(screens))('A12: the %s screen shows the icon', (_, keys) => {
  test.each(Object.entries(signs) as readonly (readonly [Icon, string])[])(
    '%s as %s',
    (icon, sign) => {
      const store = new ShownStore(world, opened, () => undefined);
      for (const key of keys) store.press(key);
      store.icon = icon;
      for (const [columns, rows] of [
        [80, 24],
        [140, 45],
        [40, 10],
      ] as const) {
        const frame = drawFrame(store, columns, rows);
        expect(frame.length).toBe(rows);
        expect(textOf(frame.slice(0, 1))).toContain(sign);
      }
      store.close();
    },
  );
});

test('A14: the device status tells network, data, last sync, tables, edits, errors, storage and what comes next', () => {
  const store = new ShownStore(world, opened, () => undefined);
  store.press('d');
  const text = textOf(drawFrame(store, 110, 60));
  for (const part of [
    'Network        connected',
    'Offline data   Available',
    'Last sync      20',
    'Last result    done',
    'By itself      only when asked',
    'To upload      0 updates on 0 rows',
    'Sync errors    0',
    'Storage used',
    /account +#+ +\d+ \/ \d+ +ready/,
  ]) {
    expect(text).toMatch(part);
  }
  store.close();
});

test('A09: while the first sync runs its notification leads to the device status', async () => {
  const second = await world.openDevice({
    name: 'tablet',
    user: 'ben',
    start: 'manual',
    online: true,
    pageRows: 20,
  });
  const store = new ShownStore(world, second, () => undefined);
  const frames: string[] = [];
  const subscription = store.state.subscribe(() => frames.push(textOf(drawFrame(store, 110, 30))));
  await second.device.sync.run('DELTA_SYNC');
  subscription.unsubscribe();
  expect(
    frames.some((one) =>
      /Syncing offline data: [\d,]+ rows downloaded, .* used +\[d\] See details/.test(one),
    ),
  ).toBe(true);
  store.press('d');
  expect(textOf(drawFrame(store, 110, 40))).toContain('Offline data   Available');
  store.close();
});
