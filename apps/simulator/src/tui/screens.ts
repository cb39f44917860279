import { type Icon, readSyncTables } from '@outpost/sync';
import type { AppStore } from './app-store.ts';
import { drawForm } from './form-screen.ts';
import { helpBar, keyBindings } from './keys.ts';
import { bar, bytesText, fit, type Line, line, type Run, scrolled } from './line.ts';
import { drawSearch } from './search-screen.ts';

const icons: Readonly<
  Record<
    Icon,
    { readonly sign: string; readonly word: string; readonly tone: NonNullable<Run['tone']> }
  >
> = {
  connected: { sign: '(+)', word: 'Connected', tone: 'ok' },
  notConnected: { sign: '(-)', word: 'Not connected', tone: 'muted' },
  syncing: { sign: '(~)', word: 'Syncing', tone: 'accent' },
  pendingUpload: { sign: '(^)', word: 'to upload', tone: 'accent' },
  error: { sign: '(x)', word: 'Sync error', tone: 'error' },
  warning: { sign: '(!)', word: 'Warning', tone: 'warn' },
};
const number = (n: number): string => n.toLocaleString('en-US');

/** A whole frame: exactly `rows` lines, none wider than `columns`. */
export function drawFrame(store: AppStore, columns: number, rows: number): readonly Line[] {
  if (columns < 40 || rows < 10) return [line(fit('Outpost needs a window of 40 x 10.', columns))];
  const head = [
    header(store, columns),
    line('-'.repeat(columns), 'muted'),
    ...notice(store, columns),
  ];
  const foot = footer(store, columns, rows >= 24);
  const space = rows - head.length - foot.length;
  store.setPageSize(space - 3);
  const body = drawBody(store, columns, space).slice(0, space);
  const filler = Array.from({ length: Math.max(0, space - body.length) }, () => line(''));
  return [...head, ...body, ...filler, ...foot];
}

function header(store: AppStore, columns: number): Line {
  const { status } = store;
  const icon = icons[status.icon];
  const word =
    status.icon === 'pendingUpload' ? `${status.pending.updates} ${icon.word}` : icon.word;
  const right = `${icon.sign} ${word}`;
  return [
    {
      text: fit(` Outpost  ${store.userName} @ ${store.deviceName}`, columns - right.length - 1),
      tone: 'title',
    },
    { text: right, tone: icon.tone },
  ];
}

function notice(store: AppStore, columns: number): readonly Line[] {
  const { progress, status } = store;
  if (store.current.notice !== null)
    return [line(fit(` ${store.current.notice}`, columns), 'accent')];
  if (status.notification !== 'download' || progress === null) return [];
  const text = ` Syncing offline data: ${number(progress.rows.done)} rows downloaded, ${bytesText(progress.diskBytes)} used   [d] See details`;
  return [line(fit(text, columns), 'accent')];
}

function footer(store: AppStore, columns: number, withHelp: boolean): readonly Line[] {
  const { status, current } = store;
  const last =
    status.lastSyncAt === null ? 'never synced' : `last sync ${status.lastSyncAt.slice(11, 16)}`;
  const state = ` ${status.online ? 'online' : 'offline'} | queue ${status.pending.updates} (${status.pending.rows} rows) | ${last} | ${bytesText(status.storageBytes)}`;
  const input = current.input;
  const message = input === null ? ` ${current.message}` : ` ${input.label}: ${input.text}_`;
  const lines = [
    line('-'.repeat(columns), 'muted'),
    line(fit(message, columns), input === null ? undefined : 'accent'),
    line(fit(state, columns), 'muted'),
  ];
  return withHelp ? [...lines, line(fit(` ${helpBar(current.screen)}`, columns), 'muted')] : lines;
}

function drawBody(store: AppStore, columns: number, rows: number): readonly Line[] {
  switch (store.current.screen) {
    case 'home':
      return drawHome(store, columns, rows);
    case 'grid':
      return drawGrid(store, columns);
    case 'search':
      return drawSearch(store, columns, rows);
    case 'form':
      return drawForm(store, columns, rows);
    case 'status':
      return drawStatus(store, columns);
    case 'errors':
      return drawErrors(store, columns);
    case 'help':
      return keyBindings.map((one) =>
        line(
          fit(`  ${one.context.padEnd(8)} ${one.keys.join(' ').padEnd(14)} ${one.label}`, columns),
        ),
      );
    default:
      return store.current.screen satisfies never;
  }
}

function drawHome(store: AppStore, columns: number, rows: number): readonly Line[] {
  const tables = store.homeTables();
  if (tables.length === 0) {
    return [
      line(''),
      line(fit(' The app is on its way. It appears as soon as its definitions are here.', columns)),
    ];
  }
  const title = line(fit(` ${store.device.model.name}`, columns), 'title');
  const lines = tables.map((entry, i) => {
    const count = entry.rows === null ? 'not offline' : `${number(entry.rows)} rows`;
    const text = fit(
      ` ${i === store.current.selected ? '>' : ' '} ${fit(entry.label, Math.max(10, columns - 24))} ${count.padStart(14)}`,
      columns,
    );
    return line(
      text,
      i === store.current.selected ? 'selected' : entry.rows === null ? 'muted' : undefined,
    );
  });
  return [title, ...scrolled(lines, store.current.selected, rows - 1)];
}

function drawGrid(store: AppStore, columns: number): readonly Line[] {
  const { view, columns: shown, rows, total, from, updating, error } = store.grid();
  const { selected, term } = store.current;
  if (view === null) return [line(fit(` ${error}`, columns), 'warn')];
  const find = term === null ? '' : `  find "${term}"`;
  const hint = total === 0 && term === null ? '   [v] another view' : '';
  const busy = updating || store.status.running !== null ? '   Updating data...' : '';
  const title = ` ${view.name}${find}: ${number(total)} rows${hint}${busy}`;
  const width = shown.reduce((sum, one) => sum + one.width, 0);
  const usable = columns - 3 - shown.length;
  const cells = shown
    .map((one) => ({ ...one, width: Math.floor((one.width / width) * usable) }))
    .filter((one) => one.width >= 4);
  const heading = cells.map((one) => fit(one.label, one.width)).join(' ');
  const lines = rows.map((row, i) => {
    const text = cells
      .map((one) => {
        const value = row.values[one.key] ?? null;
        return fit(store.format(one.table, one.column.name, value), one.width);
      })
      .join(' ');
    const here = from + i === selected;
    return line(fit(` ${here ? '>' : ' '} ${text}`, columns), here ? 'selected' : undefined);
  });
  return [
    line(fit(title, columns), 'title'),
    line(fit(`   ${heading}`, columns), 'muted'),
    ...lines,
  ];
}

function drawStatus(store: AppStore, columns: number): readonly Line[] {
  const { status, progress } = store;
  const rows: (readonly [string, string])[] = [
    ['Network', status.online ? 'connected' : 'not connected'],
    [
      'Offline data',
      { available: 'Available', initializing: 'Initializing', notAvailable: 'Not Available' }[
        status.readiness
      ],
    ],
    ['Last sync', status.lastSyncAt ?? 'never'],
    [
      'Last result',
      status.lastResult === null
        ? '-'
        : status.lastResult.kind === 'failed'
          ? status.lastResult.failure.message
          : status.lastResult.kind,
    ],
    ['By itself', scheduleText(store)],
    ['To upload', `${status.pending.updates} updates on ${status.pending.rows} rows`],
    ['Sync errors', String(status.errors)],
    ['Storage used', bytesText(status.storageBytes)],
    [
      'Flags',
      Object.entries(status.flags)
        .filter(([, on]) => on)
        .map(([name]) => name)
        .join(', '),
    ],
    ['Organization', store.serverUrl],
  ];
  const facts = rows.map(([name, value]) => line(fit(` ${name.padEnd(14)} ${value}`, columns)));
  const tables = readSyncTables(store.device.store).map((one) => {
    const total = Math.max(one.rowsExpected, one.rowsDone);
    const state = one.state === 'ready' ? 'ready' : one.cursor === null ? 'waiting' : 'loading';
    return line(
      fit(
        `   ${fit(one.table, 30)} ${bar(one.rowsDone, total, 16)} ${number(one.rowsDone).padStart(8)} / ${number(total).padEnd(8)} ${state}`,
        columns,
      ),
    );
  });
  const phase =
    progress === null
      ? []
      : [
          line(
            fit(
              ` ${progress.mode}: ${progress.phase}, ${number(progress.rows.done)} of ${number(progress.rows.total)} rows, ${bytesText(progress.bytes)} received`,
              columns,
            ),
            'accent',
          ),
        ];
  const notices = store.device.sync.notices(3).map(({ kind, table, name, reason }) => {
    const what = kind === 'restored' ? 'this database was restored' : `${table} ${name ?? ''} left`;
    return line(fit(`   ${what}${reason === null ? '' : `: ${reason}`}`, columns), 'muted');
  });
  return [...facts, ...phase, ...notices, ...tables];
}

/** When the device synchronizes next, or why it does not. */
function scheduleText(store: AppStore): string {
  const schedule = store.device.schedule?.current;
  if (schedule === undefined) return 'only when asked';
  if (schedule.paused !== null) return `paused: ${schedule.paused}`;
  const next =
    schedule.nextAt === null
      ? 'now'
      : `at ${new Date(schedule.nextAt).toISOString().slice(11, 19)}`;
  return schedule.failures === 0
    ? `next ${next}`
    : `next ${next}, after ${schedule.failures} failures`;
}

function drawErrors(store: AppStore, columns: number): readonly Line[] {
  const errors = store.device.sync.errors.list();
  if (errors.length === 0) return [line(' No sync errors.', 'ok')];
  const lines = errors.map((error, i) => {
    const here = i === store.current.selected;
    const text = ` ${here ? '>' : ' '} ${error.at.slice(11, 16)} ${fit(error.table, 14)} ${fit(error.action, 7)} ${fit(error.type, 18)} ${error.message}`;
    return line(fit(text, columns), here ? 'selected' : 'error');
  });
  const chosen = errors[store.current.selected];
  const third = Math.max(8, Math.floor((columns - 22) / 3));
  const row = (cells: readonly string[]) =>
    fit(
      ` ${fit(cells[0] ?? '', 18)} ${cells
        .slice(1)
        .map((one) => fit(one, third))
        .join(' ')}`,
      columns,
    );
  const sides = store.device.sync.errors
    .sides(chosen?.id ?? '')
    .filter(({ column }) => !column.includes('$'))
    .map(({ column, base, mine, theirs }) =>
      line(row([column, ...[base, mine, theirs].map((one) => String(one ?? ''))])),
    );
  return [
    line(fit(` Sync errors (${errors.length})`, columns), 'title'),
    ...lines,
    line(''),
    line(fit(` ${chosen?.message ?? ''}`, columns)),
    line(row(['', 'I saw', 'I want', 'there now']), 'muted'),
    ...sides,
  ];
}
