import type { DeviceStore } from '../device-store.ts';
import { keysByContext } from '../keys.ts';
import { fit, heading, type Line, line } from '../line.ts';
import type { Screen, Size } from './screen.ts';

/** All keys by screen, from the table of keys. */
export const helpScreen: Screen = {
  draw: drawHelp,
  count: () => lines(80).length,
};

const titles: Readonly<Record<string, string>> = {
  global: 'Everywhere',
  list: 'Lists',
  sync: 'Initial sync',
  why: 'Why is it here',
  pick: 'Choosing',
  server: 'Server desk',
};

function lines(columns: number): readonly Line[] {
  return keysByContext().flatMap(({ context, bindings }) => {
    const title = titles[context] ?? `${context[0]?.toUpperCase()}${context.slice(1)}`;
    return [
      heading(title, columns),
      ...bindings.map(({ keys, label }) => line(fit(`   ${fit(keys, 20)} ${label}`, columns))),
    ];
  });
}

function drawHelp(store: DeviceStore, { columns, rows }: Size): readonly Line[] {
  const all = lines(columns);
  const from = Math.max(0, Math.min(store.place.selected, all.length - rows + 1));
  const title = line(fit(' Keys. Up and down scroll; esc goes back.', columns), 'title');
  return [title, ...all.slice(from)];
}
