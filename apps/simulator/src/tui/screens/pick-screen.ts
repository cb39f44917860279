import type { DeviceStore } from '../device-store.ts';
import { fit, type Line, line, scrolled } from '../line.ts';
import type { Choice } from '../place.ts';
import type { Screen, Size } from './screen.ts';

/** A choice from a list that typing makes shorter. */
export const pickScreen: Screen = {
  draw: drawPick,
  count: (store) => options(store).length,
  run(store, command) {
    if (command !== 'open') return false;
    const option = options(store)[store.place.selected];
    if (option === undefined) return true;
    if (option.reason !== null) store.say(option.reason);
    else store.place.choices?.choose(option);
    return true;
  },
};

function options({ place: { choices, typed } }: DeviceStore): readonly Choice[] {
  return choices?.options(typed) ?? [];
}

/** Options whose labels begin with, or then hold, what is typed. */
export function filtered(all: readonly Choice[], typed: string): readonly Choice[] {
  const term = typed.trim().toLowerCase();
  return all.filter(({ label }) => label.toLowerCase().includes(term));
}

function drawPick(store: DeviceStore, { columns, rows }: Size): readonly Line[] {
  const { choices, typed, selected } = store.place;
  const lines = options(store).map(({ label, reason }, i) => {
    const here = i === selected;
    const text = ` ${here ? '>' : ' '} ${label}${reason === null ? '' : `  (not here: ${reason})`}`;
    return line(fit(text, columns), here ? 'selected' : reason === null ? undefined : 'muted');
  });
  const none = line(fit('   Nothing begins with that.', columns), 'muted');
  return [
    line(fit(` ${choices?.title ?? ''}: ${typed}_`, columns), 'title'),
    ...scrolled(lines.length === 0 ? [none] : lines, selected, rows - 1),
  ];
}
