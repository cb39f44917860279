import { parseValue, valueToCells } from '@outpost/model';
import type { SyncErrorRow } from '@outpost/sync';
import type { DeviceStore } from '../device-store.ts';
import { fit, type Line, line, minuteOf, wrapped } from '../line.ts';
import { repair } from './repair.ts';
import type { Screen, Size } from './screen.ts';
import { type ColumnSides, chosenCells, sideLines, sidesOf, sideText } from './sides.ts';

/** A refused edit side by side: what was seen, what is wanted, what is there now; what to send is chosen per column. */
export const conflictScreen: Screen = {
  draw: drawConflict,
  count: (store) => {
    const error = errorOf(store);
    return error === undefined ? 0 : sidesOf(store, error).length;
  },
  run(store, command) {
    const error = errorOf(store);
    if (error === undefined) return false;
    const side = sidesOf(store, error)[store.place.selected];
    switch (command) {
      case 'takeMine':
      case 'takeTheirs':
        if (side === undefined) return true;
        store.set({
          chosen: {
            ...store.place.chosen,
            ...(command === 'takeMine' ? side.mine : side.theirs),
          },
        });
        return true;
      case 'edit':
        if (side !== undefined) editSide(store, error, side);
        return true;
      case 'keepMine':
        if (!error.canRetry) return false;
        store.device.sync.errors.editAndRetry(error.id, store.place.chosen);
        store.back();
        store.say('Queued again with the values that are chosen.');
        return true;
      case 'retry':
      case 'takeServer':
      case 'discard':
        store.back();
        return repair(store, error, command);
      default:
        return false;
    }
  },
};

function errorOf(store: DeviceStore): SyncErrorRow | undefined {
  return store.device.sync.errors.list().find((one) => one.id === store.place.error);
}

function editSide(store: DeviceStore, { table }: SyncErrorRow, side: ColumnSides): void {
  const { column } = side;
  if (column === undefined) return;
  store.ask({
    label: column.label,
    text: sideText(store, table, side, chosenCells(side, store.place.chosen)),
    done: (text) => {
      const parsed = parseValue(column, text);
      if (parsed.kind === 'invalid') return store.say(parsed.message);
      const cells = valueToCells(column, parsed.value);
      store.set({ chosen: { ...store.place.chosen, ...cells } });
    },
  });
}

function drawConflict(store: DeviceStore, { columns }: Size): readonly Line[] {
  const error = errorOf(store);
  if (error === undefined) return [line(fit(' This sync error is repaired.', columns), 'ok')];
  const { selected, chosen } = store.place;
  const { table, rowId } = error;
  const values = store.device.get(table, rowId);
  const by = values === null ? '' : store.format(table, 'modifiedby', values['modifiedby'] ?? null);
  const theirs =
    values === null
      ? 'The row is not on this device any more.'
      : `Theirs: ${minuteOf(values['modifiedon'])}${by === '' ? '' : ` by ${by}`}.`;
  const hints = [
    ' [brackets] are what K sends. left: mine   right: theirs   enter: another value',
    ' K send what is chosen   T take the server’s   R retry as it was   D discard',
  ];
  return [
    line(fit(` ${error.type}: ${store.nameOf(table, rowId)}`, columns), 'title'),
    ...wrapped(error.message, columns - 4).map((text) => line(fit(` ${text}`, columns), 'error')),
    line(
      fit(` Mine: ${error.action}, refused at ${minuteOf(error.at)}. ${theirs}`, columns),
      'muted',
    ),
    line(''),
    ...sideLines(store, error, { selected, chosen }, columns),
    line(''),
    ...hints.map((text) => line(fit(text, columns), 'accent')),
  ];
}
