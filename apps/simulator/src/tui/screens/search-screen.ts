import type { SearchHighlight, SearchHit } from '@outpost/search';
import type { DeviceStore } from '../device-store.ts';
import { clip, fit, type Line, line, type Run } from '../line.ts';
import type { SearchGroup } from '../search-panel.ts';
import type { Screen, Size } from './screen.ts';

const modeWords = {
  begins: 'quick find: values that begin with it, * is a wildcard',
  words: 'words in any order',
  smart: 'words, parts of words, typing errors',
} as const;

/** What is typed, and the rows it finds, by table, with what matched. */
export const searchScreen: Screen = {
  draw: drawSearch,
  count: (store) => store.search.hits().length,
  run(store, command) {
    switch (command) {
      case 'open': {
        const row = store.row();
        if (row !== null) store.openForm(row.table, row.id);
        return true;
      }
      case 'changeMode':
        store.search.nextMode();
        store.set({ selected: 0 });
        return true;
      case 'nextTable':
      case 'previousTable':
        store.search.moveTable(command === 'nextTable' ? 1 : -1);
        store.set({ selected: 0 });
        return true;
      default:
        return false;
    }
  },
};

function drawSearch(store: DeviceStore, { columns, rows }: Size): readonly Line[] {
  const panel = store.search;
  const scope = panel.tableLabel ?? 'all tables';
  const top = [
    line(fit(` Search ${scope}: ${panel.text}_`, columns), 'title'),
    line(fit(` ${panel.mode}: ${modeWords[panel.mode]}`, columns), 'muted'),
  ];
  const groups = panel.groups();
  if (groups.length === 0) {
    const text = panel.text.trim() === '' ? 'Type what you look for.' : 'Nothing found.';
    return [...top, line(''), line(fit(` ${text}`, columns))];
  }
  const lines: Line[] = [];
  let selectedLine = 0;
  let hit = 0;
  for (const group of groups) {
    lines.push(headingOf(group, columns));
    if (group.result.kind !== 'found') continue;
    for (const one of group.result.hits) {
      const here = hit === store.place.selected;
      if (here) selectedLine = lines.length;
      lines.push(hitLine(store, group, one, here, columns));
      hit += 1;
    }
    if (panel.tableLabel === null) continue;
    for (const note of group.result.notes)
      lines.push(line(fit(` i ${note.message}`, columns), 'muted'));
  }
  const space = rows - top.length;
  const from = Math.max(0, Math.min(selectedLine - Math.floor(space / 2), lines.length - space));
  return [...top, ...lines.slice(from, from + space)];
}

function headingOf({ label, result }: SearchGroup, columns: number): Line {
  if (result.kind === 'refused') return line(fit(` ${label}: ${result.message}`, columns), 'warn');
  const { total, hits } = result;
  const count =
    typeof total === 'number'
      ? total.toLocaleString('en-US')
      : `${total.atLeast.toLocaleString('en-US')}+`;
  const shown = result.truncated ? `${hits.length} of ${count}` : count;
  const loading = result.partial ? ', more may follow' : '';
  const typos = result.withTypos ? ', with typing errors' : '';
  return line(fit(` ${label}: ${shown}${loading}${typos}`, columns), 'accent');
}

/** The name of a row with what matched in it; what matched elsewhere behind it. */
function hitLine(
  store: DeviceStore,
  { table }: SearchGroup,
  { row, rank, highlights }: SearchHit,
  here: boolean,
  columns: number,
): Line {
  const model = store.device.model.tables.find((one) => one.name === table);
  const name = model?.primaryName ?? '';
  const named = highlights.filter((one) => one.column === name);
  const runs: Run[] = [{ text: ` ${here ? '>' : ' '} ` }];
  runs.push(...marked(store.shown(row, name) || '(no name)', named));
  const others = new Set(highlights.map((one) => one.column).filter((one) => one !== name));
  for (const column of others) {
    const label = model?.columns.find((one) => one.name === column)?.label ?? column;
    runs.push({ text: `   ${label}: `, tone: 'muted' });
    runs.push(
      ...marked(
        store.shown(row, column),
        highlights.filter((one) => one.column === column),
      ),
    );
  }
  const tail = store.search.mode === 'begins' ? '' : ` ${rank} `;
  const cut = clip(runs, columns - tail.length);
  const line_ = tail === '' ? cut : [...cut, { text: tail, tone: 'muted' as const }];
  const [first = { text: '' }, ...rest] = here ? line_.map(selected) : line_;
  return [first, ...rest];
}

function selected({ text, tone }: Run): Run {
  return { text, tone: tone === 'match' ? 'selectedMatch' : 'selected' };
}

/** A text in pieces, those that matched marked. */
function marked(text: string, spans: readonly SearchHighlight[]): readonly Run[] {
  const runs: Run[] = [];
  let at = 0;
  for (const { start, length } of [...spans].sort((a, b) => a.start - b.start)) {
    if (start > at) runs.push({ text: text.slice(at, start) });
    runs.push({ text: text.slice(start, start + length), tone: 'match' });
    at = start + length;
  }
  if (at < text.length) runs.push({ text: text.slice(at) });
  return runs;
}
