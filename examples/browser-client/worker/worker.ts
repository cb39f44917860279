/** The device lives here: only a worker may use files of the origin, and the page stays free to draw. */
import { openDevice } from '@outpost/device';
import { opfsStorage } from '@outpost/device/browser';
import { httpTransport, staticToken } from '@outpost/sync/http';
import { BehaviorSubject, fromEvent, map, merge, startWith, switchMap } from 'rxjs';
import type { DeviceView, ToDevice } from './messages.ts';

const online = merge(fromEvent(self, 'online'), fromEvent(self, 'offline')).pipe(
  startWith(null),
  map(() => navigator.onLine),
);
const device = await openDevice({
  storage: opfsStorage('browser-client', { wasmUrl: '/sql.wasm' }),
  transport: httpTransport({ url: location.origin, tokens: staticToken('token-ana') }),
  online,
  start: 'auto',
});

let view: DeviceView = {
  ready: false,
  icon: 'notConnected',
  pending: 0,
  errors: 0,
  progress: null,
  message: '',
  total: 0,
  rows: [],
};
function show(change: Partial<DeviceView>): void {
  view = { ...view, ...change };
  self.postMessage(view);
}

device.sync.status.subscribe(({ icon, pending, errors, readiness, lastResult }) =>
  show({
    icon,
    pending: pending.updates,
    errors,
    ready: readiness === 'available',
    message: lastResult?.kind === 'failed' ? lastResult.failure.message : '',
  }),
);
device.sync.progress.subscribe((progress) =>
  show({
    progress:
      progress === null || progress.phase === 'done'
        ? null
        : `${progress.rows.done} of ${progress.rows.total} rows`,
  }),
);

// The grid: a system view, or quick find over it, kept current by every commit.
const term = new BehaviorSubject('');
term
  .pipe(
    switchMap((text) =>
      device.live(
        (queries) => {
          const found = text === '' ? null : queries.quickFind('account', text);
          if (found?.kind === 'ok') return { query: found.value };
          return { view: queries.viewOf('account', 'public')?.id ?? '' };
        },
        { limit: 20, offset: 0 },
      ),
    ),
  )
  .subscribe((snapshot) => {
    const rows = snapshot.rows.map(({ id, values }) => ({
      id,
      name: String(values['name'] ?? ''),
      phone: String(values['telephone1'] ?? ''),
    }));
    show({ rows, total: snapshot.total ?? rows.length });
  });

self.addEventListener('message', ({ data }: MessageEvent<ToDevice>) => {
  if (data.kind === 'find') term.next(data.term);
  else if (data.kind === 'sync') void device.sync.run('DELTA_SYNC');
  else {
    const saved = device.update('account', data.id, data.values);
    if (saved.kind === 'refused')
      show({ message: saved.reasons.map((one) => one.message).join(' ') });
  }
});
