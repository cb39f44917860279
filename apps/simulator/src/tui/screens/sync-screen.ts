import type { DeviceStore } from '../device-store.ts';
import { bar, bytesText, countText, fit, heading, type Line, line } from '../line.ts';
import type { Screen, Size } from './screen.ts';

/** The first sync: phases, rows, bytes, disk use, how far each table is, and what can be used already. */
export const syncScreen: Screen = {
  draw: drawSync,
  run(store, command) {
    if (command !== 'open') return false;
    if (store.ready) store.jump('home');
    else store.say('The definitions of the app are still on their way.');
    return true;
  },
};

const phases = ['metadata', 'plan', 'upload', 'download', 'verify', 'done'] as const;

function drawSync(store: DeviceStore, { columns, rows }: Size): readonly Line[] {
  const { progress, status } = store;
  const title = line(fit(' Initial sync', columns), 'title');
  if (progress === null) {
    const text = status.online
      ? ' The app is on its way. It appears as soon as its definitions are here.'
      : ' There is no network. The first sync needs one: [o] goes online, it then starts by itself.';
    const failed = status.lastResult?.kind === 'failed' ? status.lastResult.failure.message : '';
    return [title, line(''), line(fit(text, columns)), line(fit(` ${failed}`, columns), 'warn')];
  }
  const at = phases.indexOf(progress.phase);
  const steps = phases
    .filter((one) => one !== 'upload' && one !== 'done')
    .map((one) =>
      phases.indexOf(one) < at ? `${one} done` : one === progress.phase ? `[${one}]` : one,
    )
    .join('  ');
  const width = Math.max(10, columns - 34);
  const left = progress.etaMs === null ? '' : `, about ${Math.ceil(progress.etaMs / 1000)} s left`;
  const facts = [
    ` ${steps}`,
    ` ${bar(progress.fraction * 1000, 1000, width)} ${Math.floor(progress.fraction * 100)} %${left}`,
    ` ${countText(progress.rows.done)} of ${countText(progress.rows.total)} rows, ${bytesText(progress.bytes)} received, ${bytesText(progress.diskBytes)} used on disk${progress.resumed ? ', resumed' : ''}`,
  ];
  const hint = !status.online
    ? ' There is no network: [o] goes online, and it goes on where it stopped.'
    : store.ready
      ? ' enter: use what is here already'
      : '';
  const top = [
    title,
    ...facts.map((text) => line(fit(text, columns))),
    line(fit(hint, columns), 'accent'),
    heading('Tables', columns),
  ];
  return [...top, ...tableLines(store, columns, rows - top.length)];
}

/** Tables that are being read first, then those that wait, then those that are here. */
function tableLines(store: DeviceStore, columns: number, rows: number): readonly Line[] {
  const order = { loading: 0, waiting: 1, ready: 2 } as const;
  const tables = store.syncTables().map((one) => ({
    ...one,
    at:
      one.state === 'ready'
        ? ('ready' as const)
        : one.cursor === null && one.rowsDone === 0
          ? ('waiting' as const)
          : ('loading' as const),
  }));
  const sorted = [...tables].sort((a, b) => order[a.at] - order[b.at]);
  return sorted.slice(0, rows).map((one) => tableLine(one, columns));
}

/** One table with its bar; also on the device page. */
export function tableLine(
  one: {
    readonly table: string;
    readonly at: 'loading' | 'waiting' | 'ready';
    readonly rowsDone: number;
    readonly rowsExpected: number;
    readonly bytesDone: number;
  },
  columns: number,
): Line {
  const total = Math.max(one.rowsExpected, one.rowsDone);
  const width = Math.max(6, Math.min(24, columns - 66));
  const text = `   ${fit(one.table, 26)} ${bar(one.rowsDone, one.at === 'waiting' ? Math.max(1, total) : total, width)} ${countText(one.rowsDone).padStart(7)} / ${countText(total).padEnd(7)} ${bytesText(one.bytesDone).padStart(8)} ${one.at}`;
  return line(fit(text, columns), one.at === 'ready' ? 'muted' : undefined);
}
