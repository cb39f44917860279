import { cellsToValue } from '@outpost/model';
import type { Effect, Entry } from '@outpost/sync';
import type { DeviceStore } from '../device-store.ts';
import { fit, heading, type Line, line, scrolled } from '../line.ts';
import type { Screen, Size } from './screen.ts';

/** Edits that wait for upload as a tree: what depends on another stands below it. */
export const queueScreen: Screen = {
  draw: drawQueue,
  count: (store) => tree(store).length,
  run(store, command) {
    const chosen = tree(store)[store.place.selected];
    if (command === 'explain') {
      store.set({ explaining: !store.place.explaining });
      return true;
    }
    if (command !== 'undo') return false;
    if (chosen === undefined) return true;
    const result = store.device.sync.undo(chosen.entry.key);
    if (result.kind === 'undone') {
      store.set({ selected: 0 });
      store.say(`Undone: ${result.entries.length} edit${result.entries.length === 1 ? '' : 's'}.`);
    } else {
      store.say('It may be on the server already and cannot be undone here; edit the row instead.');
    }
    return true;
  },
};

interface Node {
  readonly entry: Entry;
  readonly depth: number;
}

const sameKey = (a: Entry['key'], b: Entry['key']) => a[0] === b[0] && a[1] === b[1];

/** Each edit below the newest one it waits for. */
function tree({ device }: DeviceStore): readonly Node[] {
  const entries = device.sync.outbox.unsettled();
  const parentOf = (entry: Entry) =>
    entries.findLast((one) => entry.after.some((key) => sameKey(key, one.key)));
  const below = (parent: Entry | undefined, depth: number): Node[] =>
    entries
      .filter((one) => parentOf(one) === parent)
      .flatMap((entry) => [{ entry, depth }, ...below(entry, depth + 1)]);
  return below(undefined, 0);
}

const states = {
  queued: 'waits',
  sent: 'on its way',
  applied: 'applied, not seen yet',
  refused: 'refused',
} as const;

function drawQueue(store: DeviceStore, { columns, rows }: Size): readonly Line[] {
  const nodes = tree(store);
  if (nodes.length === 0)
    return [line(fit(' Nothing waits: every edit is on the server.', columns), 'ok')];
  const { selected, explaining } = store.place;
  const effects = store.device.sync.outbox.unsettledEffects();
  const lines = nodes.map(({ entry, depth }, i) => {
    const here = i === selected;
    const branch = depth === 0 ? '' : `${'  '.repeat(depth - 1)}└ `;
    const what = `${branch}${entry.op} ${store.table(entry.table)?.label ?? entry.table}: ${nameOf(store, entry)}${alongText(effects, entry)}`;
    const state = states[entry.state];
    const text = ` ${here ? '>' : ' '} ${fit(what, columns - 30)} ${entry.at.slice(11, 16)}  ${state}`;
    return line(fit(text, columns), here ? 'selected' : undefined);
  });
  const chosen = nodes[selected]?.entry;
  const inside = explaining && chosen !== undefined ? payload(store, chosen, columns) : [];
  const title = line(fit(` Queue (${nodes.length}), sent from top to bottom`, columns), 'title');
  return [title, ...scrolled(lines, selected, Math.max(1, rows - 1 - inside.length)), ...inside];
}

/** How many other rows an edit takes along or changes. */
function alongText(effects: readonly Effect[], { key }: Entry): string {
  const rows = effects.filter((one) => !one.isTwin && sameKey(one.key, key));
  const count = new Set(rows.map(({ table, id }) => `${table}/${id}`)).size;
  return count === 0 ? '' : `, with ${count} other row${count === 1 ? '' : 's'}`;
}

function nameOf(store: DeviceStore, { table, id, base, set }: Entry): string {
  const primary = store.table(table)?.primaryName ?? '';
  const name = set[primary] ?? base[primary] ?? set['notetext'];
  return typeof name === 'string' ? name : store.nameOf(table, id);
}

/** What travels: changed columns with what they were. */
function payload(store: DeviceStore, entry: Entry, columns: number): readonly Line[] {
  const { table, set, base } = entry;
  const text = (name: string, cells: Entry['set']) => {
    const column = store.column(table, name);
    const value = column && cellsToValue(column, (slot) => cells[slot] ?? null);
    return value === undefined ? String(cells[name] ?? '') : store.format(table, name, value);
  };
  const cells = Object.keys(set)
    .filter((slot) => !slot.includes('$'))
    .map((name) => {
      const was = text(name, base);
      const label = store.column(table, name)?.label ?? name;
      const before = was === '' ? '' : `   was ${was}`;
      return line(fit(`   ${fit(label, 22)} ${text(name, set)}${before}`, columns));
    });
  const version =
    entry.baseVersion === null ? 'not on the server yet' : `of version ${entry.baseVersion}`;
  return [heading(`Edit ${entry.key[1]}, ${version}`, columns), ...cells.slice(0, 12)];
}
