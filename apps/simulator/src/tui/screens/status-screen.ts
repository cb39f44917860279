import type { DeviceStore } from '../device-store.ts';
import { bytesText, countText, fit, heading, type Line, line } from '../line.ts';
import { askSignOut } from '../sign-out.ts';
import type { Screen, Size } from './screen.ts';
import { tableLine } from './sync-screen.ts';

const intervals = [0, 5, 15, 60] as const;

/** The device: network, data, what waits, what went wrong, when it synchronizes next, and each table. */
export const statusScreen: Screen = {
  draw: drawStatus,
  run(store, command) {
    const { settings, metered } = store.opened;
    const now = settings.value;
    switch (command) {
      case 'verify':
        if (!store.opened.online.value) store.say('Network or Service Unavailable');
        else verify(store);
        return true;
      case 'autoSync':
        settings.next({ ...now, mode: now.mode === 'auto' ? 'manual' : 'auto' });
        return true;
      case 'wifiOnly':
        settings.next({ ...now, wifiOnly: !now.wifiOnly });
        metered.next(!now.wifiOnly);
        store.say(
          now.wifiOnly
            ? 'It synchronizes over any network.'
            : 'It waits for Wi-Fi; this network counts as one that costs.',
        );
        return true;
      case 'interval': {
        const at = (intervals as readonly number[]).indexOf(now.atLeastMinutes);
        settings.next({ ...now, atLeastMinutes: intervals[(at + 1) % intervals.length] ?? 0 });
        return true;
      }
      case 'signOut':
        askSignOut(store);
        return true;
      default:
        return false;
    }
  },
};

function verify(store: DeviceStore): void {
  store.say('Comparing checksums with the server ...');
  void store.device.sync.verify().then(({ result, tables }) => {
    const rows = tables.reduce((sum, one) => sum + one.rows, 0);
    const different = tables.reduce((sum, one) => sum + one.different, 0);
    const said =
      different === 0
        ? 'the device equals the server'
        : `${different} ranges differed and were read`;
    store.say(
      result.kind === 'done'
        ? `${countText(rows)} rows in ${tables.length} tables compared: ${said}.`
        : 'The comparison did not come to its end.',
    );
  });
}

function drawStatus(store: DeviceStore, { columns, rows: space }: Size): readonly Line[] {
  const { status, progress, opened } = store;
  const { faults, settings } = opened;
  const data = {
    available: 'Available',
    initializing: 'Initializing',
    notAvailable: 'Not Available',
  }[status.readiness];
  const last =
    status.lastResult === null
      ? '-'
      : status.lastResult.kind === 'failed'
        ? status.lastResult.failure.message
        : status.lastResult.kind;
  const { network, server } = faults.value;
  const trouble = network === 'wifi' && server === 'ok' ? '' : `, chaos: ${network}, ${server}`;
  const { mode, wifiOnly, atLeastMinutes } = settings.value;
  const flags = Object.entries(status.flags)
    .filter(([, on]) => on)
    .map(([name]) => name)
    .join(', ');
  const facts: readonly (readonly [string, string])[] = [
    ['Network', `${status.online ? 'connected' : 'not connected'}${trouble}`],
    ['Offline data', data],
    ['Last sync', status.lastSyncAt ?? 'never'],
    ['Last result', last],
    ['By itself', scheduleText(store)],
    [
      'Settings',
      `${mode === 'auto' ? 'automatic' : 'by hand'} [A], ${wifiOnly ? 'Wi-Fi only' : 'any network'} [W], ${atLeastMinutes === 0 ? 'as the profile says' : `at most every ${atLeastMinutes} min`} [I]`,
    ],
    ['Signed in', `${store.userName}; [U] signs out, or in as another user`],
    ['To upload', `${status.pending.updates} updates on ${status.pending.rows} rows`],
    ['Sync errors', String(status.errors)],
    ['Storage used', bytesText(status.storageBytes)],
    ['Flags', flags],
    ['Organization', store.world.server.url],
  ];
  const phase =
    progress === null
      ? []
      : [
          line(
            fit(
              ` ${progress.mode}: ${progress.phase}, ${countText(progress.rows.done)} of ${countText(progress.rows.total)} rows, ${bytesText(progress.bytes)} received`,
              columns,
            ),
            'accent',
          ),
        ];
  const notices = store.device.sync.notices(3).map(({ kind, table, name, reason }) => {
    const what = kind === 'restored' ? 'this database was restored' : `${table} ${name ?? ''} left`;
    return line(fit(`   ${what}${reason === null ? '' : `: ${reason}`}`, columns), 'muted');
  });
  const top = [
    ...facts.map(([name, value]) => line(fit(` ${name.padEnd(14)} ${value}`, columns))),
    ...phase,
    ...notices,
    heading('Tables', columns),
  ];
  const tables = store.syncTables().map((one) => {
    const at =
      one.state === 'ready'
        ? ('ready' as const)
        : one.cursor === null
          ? ('waiting' as const)
          : ('loading' as const);
    return tableLine({ ...one, at }, columns);
  });
  const room = Math.max(0, space - top.length);
  const from = Math.max(0, Math.min(store.place.selected, tables.length - room));
  return [...top, ...tables.slice(from)];
}

/** When the device synchronizes next, or why it does not. */
function scheduleText(store: DeviceStore): string {
  const schedule = store.device.schedule?.current;
  if (schedule === undefined) return 'only when asked';
  if (schedule.paused === 'manual') return 'only when asked';
  if (schedule.paused !== null) return `paused: ${schedule.paused}`;
  const next =
    schedule.nextAt === null
      ? 'now'
      : `at ${new Date(schedule.nextAt).toISOString().slice(11, 19)}`;
  return schedule.failures === 0
    ? `next ${next}`
    : `next ${next}, after ${schedule.failures} failures`;
}
