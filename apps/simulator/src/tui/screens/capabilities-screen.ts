import { commandMatrix, offlineCommands } from '@outpost/model';
import type { DeviceStore } from '../device-store.ts';
import { fit, heading, type Line, line, scrolled, wrapped } from '../line.ts';
import type { Screen, Size } from './screen.ts';

/** What works offline: for one table, and for the standard tables of the matrix. */
export const capabilitiesScreen: Screen = {
  draw: drawCapabilities,
  count: (store) => Object.keys(commandMatrix).length + 1 + Number(store.place.table === null),
};

const basic = ['create', 'read', 'update', 'delete'] as const;

function drawCapabilities(store: DeviceStore, { columns, rows }: Size): readonly Line[] {
  const { table, selected } = store.place;
  const top: Line[] = [];
  const definition = store.table(table);
  if (definition !== undefined && table !== null) {
    const can = store.device.capabilities(table);
    const flows = store.device
      .flows(table)
      .map(
        ({ flow, reasons }) =>
          `${flow.name}${reasons.length === 0 ? '' : ` (no: ${reasons[0]?.message})`}`,
      );
    const views = store.device.views(table);
    const blocked = views.filter((one) => one.reasons.length > 0);
    const facts = [
      `commands: ${can.commands.join(', ') || 'none'}`,
      `on a form: ${can.formCommands.join(', ') || 'none'}`,
      `views: ${can.views ? `${views.length - blocked.length} of ${views.length}` : 'none offline'}, notes: ${can.notes ? 'yes' : 'no'}, flows: ${flows.join(', ') || 'none'}`,
      ...blocked.map(
        (one) => `not offline: view "${one.view.name}": ${one.reasons[0]?.message ?? ''}`,
      ),
    ];
    top.push(line(fit(` What works offline: ${definition.pluralLabel}`, columns), 'title'));
    for (const text of facts.flatMap((one) => wrapped(one, columns - 4)))
      top.push(line(fit(`   ${text}`, columns)));
  }
  const custom = store.device.model.tables.find((one) => one.isCustom === true);
  const matrix = [
    ...Object.entries(commandMatrix),
    ...(custom === undefined ? [] : [['any custom table', offlineCommands(custom)] as const]),
  ].map(([name, commands], i) => {
    const marks = basic.map((one) => (commands.includes(one) ? ' yes   ' : '  -    ')).join('');
    const more = commands.filter((one) => !basic.some((other) => other === one)).join(', ');
    const here = i === selected;
    const text = ` ${here ? '>' : ' '} ${fit(name, 24)} ${marks} ${more}`;
    return line(fit(text, columns), here ? 'selected' : undefined);
  });
  top.push(heading('Standard tables', columns));
  top.push(line(fit(`   ${fit('', 24)}  create read   update delete more`, columns), 'muted'));
  return [...top, ...scrolled(matrix, selected, Math.max(1, rows - top.length))];
}
