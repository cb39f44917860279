import {
  lintProfile,
  type MeterReading,
  type OfflineProfileItem,
  profileMeter,
} from '@outpost/model';
import { queryOperators } from '@outpost/query';
import { viewTables } from '../../world/view-tables.ts';
import type { DeviceStore } from '../device-store.ts';
import { bytesText, countText, fit, heading, type Line, line, scrolled, wrapped } from '../line.ts';
import type { Screen, Size } from './screen.ts';

/** The offline profile: which rows of each table come to this device, what it costs, and what is wrong with it. */
export const profileScreen: Screen = {
  draw: drawProfile,
  count: (store) => store.device.model.profile.items.length,
  run(store, command) {
    if (command !== 'capabilities') return false;
    const item = store.device.model.profile.items[store.place.selected];
    if (item !== undefined) store.go('capabilities', { table: item.table });
    return true;
  },
};

/** The rows of a table in words. */
function criteria(item: OfflineProfileItem): string {
  const owners = [
    item.mine === true ? 'mine' : null,
    item.myTeams === true ? "my teams'" : null,
    item.myBusinessUnit === true ? "my business unit's" : null,
  ].filter((one) => one !== null);
  const base = {
    all: 'all rows',
    related: 'related rows only',
    custom: 'rows that match a filter',
    other: owners.join(', '),
  }[item.criteria];
  const more =
    item.relationships.length === 0 ? '' : ` + ${item.relationships.length} relationships`;
  const days = item.days === undefined ? '' : `, changed within ${item.days} days`;
  return `${base}${item.criteria === 'related' ? '' : more}${days}`;
}

function drawProfile(store: DeviceStore, { columns, rows }: Size): readonly Line[] {
  const { model } = store.device;
  const { selected } = store.place;
  const tables = new Map(store.syncTables().map((one) => [one.table, one]));
  const lines = model.profile.items.map((item, i) => {
    const here = i === selected;
    const one = tables.get(item.table);
    const size =
      one === undefined
        ? ''
        : `${countText(store.rowCount(item.table))} rows, ${bytesText(one.bytesDone)}`;
    const text = ` ${here ? '>' : ' '} ${fit(store.table(item.table)?.pluralLabel ?? item.table, 22)} ${fit(criteria(item), Math.max(16, columns - 60))} ${fit(`every ${item.intervalMinutes} min`, 14)} ${size}`;
    return line(fit(text, columns), here ? 'selected' : undefined);
  });
  const item = model.profile.items[selected];
  const detail = item === undefined ? [] : details(item);
  const findings = lintProfile(model, model.profile, {
    viewTables,
    filterOperators: queryOperators,
    rows: new Map([...tables.keys()].map((table) => [table, store.rowCount(table)])),
  }).map((one) => `! ${one.message}`);
  const meter = profileMeter({
    rows: [...tables.keys()].reduce((sum, table) => sum + store.rowCount(table), 0),
    tables: model.profile.items.length,
    dataBytes: [...tables.values()].reduce((sum, one) => sum + one.bytesDone, 0),
    fileBytes: store.device.sync.documents.usedBytes(),
  });
  const below = [
    ...wrapped(`Of what is recommended: ${meter.map(readingText).join(', ')}`, columns - 4).map(
      (text) =>
        line(
          fit(`   ${text}`, columns),
          meter.some((one) => one.level === 'over') ? 'warn' : undefined,
        ),
    ),
    ...(detail.length === 0 ? [] : [heading('Selected table', columns)]),
    ...detail
      .flatMap((text) => wrapped(text, columns - 4))
      .map((text) => line(fit(`   ${text}`, columns))),
    ...(findings.length === 0 ? [] : [heading(`Advice (${findings.length})`, columns)]),
    ...findings.slice(0, 4).map((text) => line(fit(`   ${text}`, columns), 'warn')),
  ].slice(0, Math.floor(rows / 2));
  const title = line(fit(` Offline profile "${model.profile.name}"`, columns), 'title');
  return [title, ...scrolled(lines, selected, Math.max(3, rows - 1 - below.length)), ...below];
}

function details(item: OfflineProfileItem): readonly string[] {
  return [
    ...(item.relationships.length === 0
      ? []
      : [`brought along by: ${item.relationships.join(', ')}`]),
    ...(item.filter === undefined ? [] : [`filter: ${item.filter.replace(/\s+/g, ' ')}`]),
    ...(item.columns === undefined ? [] : [`columns: ${item.columns.join(', ')}`]),
  ];
}

const units = { rows: 'rows', tables: 'tables', dataBytes: 'of rows', fileBytes: 'of files' };

function readingText({ what, used, recommended, share }: MeterReading): string {
  const text = what === 'dataBytes' || what === 'fileBytes' ? bytesText : countText;
  return `${text(used)} of ${text(recommended)} ${units[what]} (${Math.round(share * 100)} %)`;
}
