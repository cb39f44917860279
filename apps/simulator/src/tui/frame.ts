import type { Icon } from '@outpost/sync';
import type { Desk, Pane } from './desk.ts';
import { DeviceStore } from './device-store.ts';
import { helpBar } from './keys.ts';
import {
  block,
  bytesText,
  clip,
  countText,
  fit,
  type Line,
  line,
  type Tone,
  widthOf,
} from './line.ts';
import { inAscii, type Look, spoken } from './look.ts';
import { screens } from './screens/screens.ts';

const icons: Readonly<
  Record<Icon, { readonly sign: string; readonly word: string; readonly tone: Tone }>
> = {
  connected: { sign: '(⊕)', word: 'Connected', tone: 'ok' },
  notConnected: { sign: '(⊖)', word: 'Not connected', tone: 'muted' },
  syncing: { sign: '(⊙)', word: 'Syncing', tone: 'accent' },
  pendingUpload: { sign: '(↑)', word: 'to upload', tone: 'accent' },
  error: { sign: '(⊗)', word: 'Sync error', tone: 'error' },
  warning: { sign: '(⊘)', word: 'Warning', tone: 'warn' },
};

/** What stands above the key line of a tour or a scenario, whatever the panes show. */
export type Caption = (columns: number) => readonly Line[];

/** A whole frame: exactly `rows` lines, none wider than `columns`. */
export function drawFrame(
  desk: Desk,
  columns: number,
  rows: number,
  look: Look,
  caption: Caption = () => [],
): readonly Line[] {
  const lines = drawPanes(desk, columns, rows, caption);
  const shown = look.ascii ? lines.map(inAscii) : lines;
  return look.screenReader ? spoken(shown) : shown;
}

/** How many panes stand side by side. */
function panesAcross(columns: number): number {
  return columns >= 180 ? 3 : columns >= 120 ? 2 : 1;
}

function drawPanes(desk: Desk, columns: number, rows: number, caption: Caption): readonly Line[] {
  if (columns < 40 || rows < 10) {
    const small = [line(fit('Outpost needs a window of 40 x 10.', columns))];
    return block(small, columns, Math.max(1, rows));
  }
  const told = caption(columns).slice(0, Math.max(0, rows - 10));
  const withHelp = rows >= 24;
  const space = rows - told.length - (withHelp ? 1 : 0);
  const { panes, focus } = desk;
  const across = Math.min(panesAcross(columns), panes.length);
  const first = Math.max(0, Math.min(focus - across + 1, panes.length - across));
  // The focused pane is never pushed out, and the first ones stay where they are if it is among them.
  const from = focus < across ? 0 : first;
  const shown = panes.slice(from, from + across);
  const width = Math.floor((columns - (across - 1)) / across);
  const blocks = shown.map((_, i) => {
    const own = i === shown.length - 1 ? columns - (width + 1) * (across - 1) : width;
    return drawPane(desk, from + i, { columns: own, rows: space });
  });
  const body = Array.from({ length: space }, (_, row) =>
    beside(blocks.map((lines) => lines[row] ?? line(''))),
  );
  const screen = desk.focused instanceof DeviceStore ? desk.focused.screen : 'server';
  const help = withHelp ? [line(fit(` ${helpBar(screen)}`, columns), 'muted')] : [];
  return block([...body, ...told, ...help], columns, rows);
}

/** Lines of panes side by side. */
function beside(parts: readonly Line[]): Line {
  const runs = parts.flatMap((part, i) =>
    i === 0 ? part : [{ text: '│', tone: 'muted' as const }, ...part],
  );
  const [first = { text: '' }, ...rest] = runs;
  return [first, ...rest];
}

interface Area {
  readonly columns: number;
  readonly rows: number;
}

function drawPane(desk: Desk, nth: number, { columns, rows }: Area): readonly Line[] {
  const { panes, devices } = desk;
  const pane = panes[nth] ?? desk.server;
  const focused = pane === desk.focused;
  const tab = panes.length > 1 ? `${focused ? '[' : ' '}${nth + 1}${focused ? ']' : ' '} ` : '';
  const head = [
    ...(pane instanceof DeviceStore
      ? [deviceHeader(pane, tab, columns)]
      : [serverHeader(devices, tab, columns)]),
    line('─'.repeat(columns), 'muted'),
    ...(pane instanceof DeviceStore ? notice(pane, columns) : []),
  ];
  const { input } = pane;
  const message = input === null ? ` ${pane.message}` : ` ${input.label}: ${input.text}_`;
  const foot = [
    line('─'.repeat(columns), 'muted'),
    // What is being typed is seen to its end.
    line(
      widthOf(message) > columns ? `…${message.slice(1 - columns)}` : message,
      input === null ? undefined : 'accent',
    ),
    line(fit(pane instanceof DeviceStore ? stateText(pane) : serverText(pane), columns), 'muted'),
  ];
  const space = rows - head.length - foot.length;
  if (pane instanceof DeviceStore) pane.pageSize = space - 2;
  return [...head, ...block(drawBody(pane, { columns, rows: space }), columns, space), ...foot].map(
    (runs) => clip(runs, columns),
  );
}

function drawBody(pane: Pane, size: Area): readonly Line[] {
  if (!(pane instanceof DeviceStore)) return pane.draw(size);
  try {
    return screens[pane.screen].draw(pane, size);
  } catch (error) {
    // The app's definitions may have changed under an open screen.
    const text = error instanceof Error ? error.message : String(error);
    return [line(fit(` ${text}`, size.columns), 'warn')];
  }
}

function globe({ status }: DeviceStore): { readonly text: string; readonly tone: Tone } {
  const { sign, word, tone } = icons[status.icon];
  const count = status.icon === 'pendingUpload' ? `${status.pending.updates} ` : '';
  return { text: `${sign} ${count}${word} `, tone };
}

/** The server desk shows how its first device stands. */
function serverHeader([device]: readonly DeviceStore[], tab: string, columns: number): Line {
  const right = device === undefined ? { text: '' } : globe(device);
  const name = device === undefined ? '' : `${device.deviceName} `;
  const rest = columns - widthOf(right.text) - name.length;
  return [
    { text: fit(` ${tab}Outpost  the organization`, rest), tone: 'title' },
    { text: name, tone: 'muted' },
    right,
  ];
}

function deviceHeader(store: DeviceStore, tab: string, columns: number): Line {
  const { opened } = store;
  const right = globe(store);
  const time = columns < 70 ? '' : `${new Date(opened.clock.now()).toISOString().slice(11, 16)} `;
  const { network, server, next } = opened.faults.value;
  const faults = [
    network === 'wifi' ? '' : network,
    server === 'ok' ? '' : server,
    next === 'nothing' ? '' : next,
  ];
  const chaos = faults.filter((one) => one !== '').join(' ');
  const rest = columns - widthOf(right.text) - time.length;
  const name = columns < 60 ? store.userName : `Outpost  ${store.userName} @ ${store.deviceName}`;
  const left = ` ${tab}${name}`;
  return [
    { text: fit(left, rest - (chaos === '' ? 0 : chaos.length + 2)), tone: 'title' },
    ...(chaos === '' ? [] : [{ text: `${chaos}  `, tone: 'warn' as const }]),
    right,
    { text: time, tone: 'muted' },
  ];
}

function notice(store: DeviceStore, columns: number): readonly Line[] {
  const { progress, status } = store;
  if (store.notice !== null) return [line(fit(` ${store.notice}`, columns), 'accent')];
  if (status.notification !== 'download' || progress === null) return [];
  const text = ` Syncing offline data: ${countText(progress.rows.done)} rows downloaded, ${bytesText(progress.diskBytes)} used   [d] See details`;
  return [line(fit(text, columns), 'accent')];
}

function stateText({ status }: DeviceStore): string {
  const last =
    status.lastSyncAt === null ? 'never synced' : `last sync ${status.lastSyncAt.slice(11, 16)}`;
  return ` ${status.online ? 'online' : 'offline'} | queue ${status.pending.updates} (${status.pending.rows} rows) | ${last} | ${bytesText(status.storageBytes)}`;
}

function serverText(pane: Exclude<Pane, DeviceStore>): string {
  return ` Web API as ${pane.user.name}`;
}
