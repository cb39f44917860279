import type { DeviceStore } from '../device-store.ts';
import { fit, heading, type Line, line, wrapped } from '../line.ts';
import { repair } from './repair.ts';
import type { Screen, Size } from './screen.ts';
import { sideLines } from './sides.ts';

/** Edits that the organization refused, each with its ways of repair. */
export const errorsScreen: Screen = {
  draw: drawErrors,
  count: (store) => store.device.sync.errors.list().length,
  run(store, command) {
    const error = store.device.sync.errors.list()[store.place.selected];
    if (error === undefined) return false;
    if (command === 'open') {
      store.go('conflict', { table: error.table, id: error.rowId, error: error.id });
      return true;
    }
    return repair(store, error, command);
  },
};

function drawErrors(store: DeviceStore, { columns, rows }: Size): readonly Line[] {
  const errors = store.device.sync.errors.list();
  if (errors.length === 0) return [line(fit(' No sync errors.', columns), 'ok')];
  const { selected } = store.place;
  const lines = errors.map((error, i) => {
    const here = i === selected;
    const name = error.name ?? store.nameOf(error.table, error.rowId);
    const text = ` ${here ? '>' : ' '} ${error.at.slice(11, 16)} ${fit(error.type, 18)} ${fit(error.action, 7)} ${fit(error.table, 14)} ${name}`;
    return line(fit(text, columns), here ? 'selected' : 'error');
  });
  const list = lines.slice(0, Math.max(3, Math.floor(rows / 2)));
  const chosen = errors[selected];
  if (chosen === undefined) return list;
  const ways = chosen.canRetry
    ? ' enter compare   R retry   K keep mine   T take the server’s   D discard'
    : ' D discard: the edit was made on another device and can be sent again only there';
  return [
    line(fit(` Sync errors (${errors.length})`, columns), 'title'),
    ...list,
    heading(`${chosen.type} ${chosen.code}`, columns),
    ...wrapped(chosen.message, columns - 4).map((text) => line(fit(` ${text}`, columns))),
    line(fit(ways, columns), 'accent'),
    ...sideLines(store, chosen, { selected: null, chosen: {} }, columns),
  ];
}
