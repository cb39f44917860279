import type { DeviceStore } from '../device-store.ts';
import { countText, fit, type Line, line } from '../line.ts';
import type { Choice } from '../place.ts';
import { askToDelete } from './delete-screen.ts';
import type { Screen, Size } from './screen.ts';

/** A view of a table, kept current: rows of the newest commit are marked. */
export const gridScreen: Screen = {
  draw: drawGrid,
  count: (store) => store.grid().total,
  run(store, command) {
    const { table, term } = store.place;
    if (table === null) return false;
    const row = store.gridRow();
    switch (command) {
      case 'open':
        if (row !== null) store.openForm(row.table, row.id);
        return true;
      case 'new':
        store.openForm(table, null);
        return true;
      case 'delete':
        if (row !== null) askToDelete(store, row.table, row.id);
        return true;
      case 'refresh':
        store.sync('GRID_SYNC', table);
        return true;
      case 'why':
        if (row !== null) store.go('why', { table: row.table, id: row.id });
        return true;
      case 'changeView':
        changeView(store);
        return true;
      case 'sort':
        changeSort(store);
        return true;
      case 'find':
        store.ask({
          label: 'Find',
          text: term ?? '',
          typed: (text) => store.set({ term: text === '' ? null : text, selected: 0 }),
          done: (text) => store.set({ term: text === '' ? null : text, selected: 0 }),
        });
        return true;
      case 'back':
        if (term === null) return false;
        store.set({ term: null, selected: 0 });
        return true;
      default:
        return false;
    }
  },
};

function changeView(store: DeviceStore): void {
  const options: readonly Choice[] = store.views().map(({ view, reason }) => {
    return { label: view.name, value: view.id, reason };
  });
  store.go('pick', {
    choices: {
      title: 'Views',
      options: () => options,
      choose: ({ value }) => {
        store.back();
        store.set({ view: String(value), selected: 0, term: null, sort: null });
      },
    },
  });
}

/** Each column of the table itself up, then down, then the order of the view again. */
function changeSort(store: DeviceStore): void {
  const { sort, table } = store.place;
  const orders = store
    .grid()
    .columns.filter((one) => one.table === table)
    .flatMap(({ column }) => [
      { column: column.name, descending: false },
      { column: column.name, descending: true },
    ]);
  const at = orders.findIndex(
    (one) => one.column === sort?.column && one.descending === sort.descending,
  );
  store.set({ sort: orders[at + 1] ?? null, selected: 0 });
}

function drawGrid(store: DeviceStore, { columns }: Size): readonly Line[] {
  const { columns: shown, rows, total, from, view, updating, error } = store.grid();
  const { selected, sort, term } = store.place;
  if (view === null) return [line(fit(` ${error}`, columns), 'warn')];
  const parts = [
    term === null ? '' : `  find "${term}"`,
    sort === null
      ? ''
      : `  by ${store.column(view.table, sort.column)?.label ?? sort.column} ${sort.descending ? 'down' : 'up'}`,
  ].join('');
  const busy = updating || store.status.running !== null ? '   Updating data...' : '';
  const position = total === 0 ? '' : `  (${countText(selected + 1)})`;
  const title = ` ${view.name}${parts}: ${countText(total)} rows${position}${busy}`;
  const width = shown.reduce((sum, one) => sum + one.width, 0);
  const usable = columns - 4 - shown.length;
  const cells = shown
    .map((one) => ({ ...one, width: Math.max(4, Math.floor((one.width / width) * usable)) }))
    .filter(
      (_, i, all) =>
        all.slice(0, i + 1).reduce((sum, one) => sum + one.width + 1, 0) <= columns - 4,
    );
  const labels = cells.map((one) => fit(one.label, one.width)).join(' ');
  const lines = rows.map((row, i): Line => {
    const text = cells
      .map((one) =>
        fit(store.format(one.table, one.column.name, row.values[one.key] ?? null), one.width),
      )
      .join(' ');
    const here = from + i === selected;
    const changed = store.hasChanged(row.table, row.id);
    const tone = here ? 'selected' : changed ? 'changed' : undefined;
    return line(fit(` ${here ? '>' : ' '}${changed ? '•' : ' '}${text}`, columns), tone);
  });
  return [
    line(fit(title, columns), 'title'),
    line(fit(`   ${labels}`, columns), 'muted'),
    ...(rows.length === 0
      ? [
          line(
            fit(
              term === null ? '   No rows. [V] another view, [n] new' : '   Nothing found.',
              columns,
            ),
          ),
        ]
      : lines),
  ];
}
