import type { DeviceStore } from '../device-store.ts';
import { fit, heading, type Line, line, minuteOf } from '../line.ts';
import type { Screen, Size } from './screen.ts';

/** Why a row is on this device, or how it left; what happened to it here. Works offline. */
export const whyScreen: Screen = {
  draw: drawWhy,
  count: (store) => reasons(store).length,
  run(store, command) {
    if (command !== 'open') return false;
    const via = reasons(store)[store.place.selected]?.via;
    if (via != null) store.go('why', { table: via.table, id: via.id });
    return true;
  },
};

function reasons({ device, place: { table, id } }: DeviceStore) {
  return table === null || id === null ? [] : device.sync.explain(table, id).reasons;
}

function drawWhy(store: DeviceStore, { columns }: Size): readonly Line[] {
  const { table, id, selected } = store.place;
  if (table === null || id === null) return [];
  const { isHere, left } = store.device.sync.explain(table, id);
  const name = store.nameOf(table, id);
  const title = line(
    fit(` ${isHere ? 'Why is' : 'Why is not here:'} ${name}${isHere ? ' here?' : ''}`, columns),
    'title',
  );
  const why = reasons(store).map(({ message, via }, i) => {
    const here = i === selected;
    const said =
      via === null ? message : message.replace(via.id, `"${store.nameOf(via.table, via.id)}"`);
    return line(fit(` ${here ? '>' : ' '} ${said}`, columns), here ? 'selected' : undefined);
  });
  const gone =
    left === null
      ? []
      : [line(fit(`   It left at ${left.at.slice(0, 16)}: ${left.reason ?? left.kind}.`, columns))];
  const edits = store.device.sync.outbox
    .unsettled()
    .filter((one) => one.table === table && one.id === id)
    .map((one) => {
      const changed = Object.keys(one.set)
        .filter((slot) => !slot.includes('$'))
        .join(', ');
      return `${minuteOf(one.at)}  ${one.op}, ${one.state}: ${changed}`;
    });
  const errors = store.device.sync.errors
    .list()
    .filter((one) => one.table === table && one.rowId === id)
    .map((one) => `${minuteOf(one.at)}  ${one.type}: ${one.message}`);
  const values = store.device.get(table, id);
  const by = store.format(table, 'modifiedby', values?.['modifiedby'] ?? null);
  const server = reasons(store).some((one) => one.kind === 'localEdit')
    ? 'The server does not have it yet.'
    : `Last changed at ${minuteOf(values?.['modifiedon'])}${by === '' ? '' : ` by ${by}`}.`;
  const history = [...(isHere ? [server] : []), ...edits, ...errors];
  return [
    title,
    line(fit(`   ${table} ${id}`, columns), 'muted'),
    ...why,
    ...gone,
    heading('What happened to it here', columns),
    ...history.map((text) => line(fit(`   ${text}`, columns))),
  ];
}
