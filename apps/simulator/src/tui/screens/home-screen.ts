import type { DeviceStore, HomeEntry } from '../device-store.ts';
import { pickDraft } from '../leave-form.ts';
import { countText, fit, type Line, line, scrolled } from '../line.ts';
import type { Screen, Size } from './screen.ts';

/** The site map: areas, groups, and the tables that can be opened, with their rows. */
export const homeScreen: Screen = {
  draw: drawHome,
  count: (store) => store.homeTables().length,
  run(store, command) {
    const entry = store.homeTables()[store.place.selected];
    if (command === 'capabilities') {
      if (entry !== undefined) store.go('capabilities', { table: entry.table });
      return true;
    }
    if (command === 'drafts') {
      if (store.ready) pickDraft(store);
      return true;
    }
    if (command !== 'open') return false;
    if (entry === undefined) return true;
    if (entry.rows === null) store.say(whyNot(store, entry));
    else store.go('grid', { table: entry.table });
    return true;
  },
};

/** Why a table of the site map is not on the device. */
function whyNot(store: DeviceStore, { table, label }: HomeEntry): string {
  const definition = store.table(table);
  if (definition === undefined) return `${label}: the app does not have this table.`;
  if (!definition.availableOffline) return `${label} cannot be taken offline.`;
  if (!definition.changeTracking) return `${label} has no change tracking, which offline needs.`;
  return `${label} are not in the offline profile.`;
}

function drawHome(store: DeviceStore, { columns, rows }: Size): readonly Line[] {
  const entries = store.home();
  if (entries.length === 0) return [line(''), line(fit(' The app is on its way.', columns))];
  const lines: Line[] = [];
  let selectedLine = 0;
  let nth = 0;
  for (const entry of entries) {
    if (entry.kind !== 'table') {
      const text = entry.kind === 'area' ? ` ${entry.label}` : `   ${entry.label}`;
      lines.push(line(fit(text, columns), entry.kind === 'area' ? 'title' : 'muted'));
      continue;
    }
    const here = nth === store.place.selected;
    if (here) selectedLine = lines.length;
    nth += 1;
    const count = entry.rows === null ? 'not offline' : `${countText(entry.rows)} rows`;
    const name = fit(entry.label, Math.max(10, columns - 24));
    const text = ` ${here ? '>' : ' '}   ${name} ${count.padStart(14)}`;
    lines.push(
      line(fit(text, columns), here ? 'selected' : entry.rows === null ? 'muted' : undefined),
    );
  }
  const title = line(fit(` ${store.device.model.name}`, columns), 'title');
  const left = store.device.drafts().length;
  const forms = left === 1 ? '1 form was left' : `${left} forms were left`;
  const drafts = left === 0 ? [] : [line(fit(` ${forms} without saving: [e]`, columns), 'warn')];
  return [title, ...drafts, ...scrolled(lines, selectedLine, rows - 1 - drafts.length)];
}
