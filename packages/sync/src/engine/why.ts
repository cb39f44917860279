import type { ModelIndex, OfflineProfileItem } from '@outpost/model';
import { type DeviceStore, quoted } from '@outpost/store';
import type { HelloResponse } from '../protocol/index.ts';
import { type Notice, noticeOf } from '../repair/notices.ts';

/** One thing that holds a row on the device. */
export interface RowReason {
  readonly kind:
    | 'all'
    | 'mine'
    | 'myTeam'
    | 'myBusinessUnit'
    | 'filter'
    | 'related'
    /** Made here and not uploaded yet. */
    | 'localEdit'
    /** The user's own sync errors are always here. */
    | 'ownError';
  readonly message: string;
  /** With `related`: the row that brings it along, and by which relationship. */
  readonly via: {
    readonly relationship: string;
    readonly table: string;
    readonly id: string;
  } | null;
}

/** Why a row is on this device, or why it left. */
export interface RowExplanation {
  readonly isHere: boolean;
  readonly reasons: readonly RowReason[];
  /** When it is not here: how it left, if that was lately. */
  readonly left: Notice | null;
}

/** Explains a row by the profile and by what is on the device; works offline. */
export function explainRow(
  store: DeviceStore,
  index: ModelIndex,
  hello: HelloResponse | null,
  table: string,
  id: string,
): RowExplanation {
  const schema = store.schema.get(table);
  const image = schema === undefined ? null : store.get(table, id);
  if (schema === undefined || image === null) {
    return { isHere: false, reasons: [], left: noticeOf(store, table, id) };
  }
  const cell = (slot: string) => image[schema.slotIndex.get(slot) ?? -1] ?? null;
  const reasons: RowReason[] = [];
  const add = (kind: RowReason['kind'], message: string, via: RowReason['via'] = null) =>
    reasons.push({ kind, message, via });
  const base = store.all('SELECT cells FROM "$base" WHERE table_name = ? AND row_id = ?', [
    table,
    id,
  ]);
  if (base[0] !== undefined && base[0][0] === null) {
    add('localEdit', 'It was made on this device and is not uploaded yet.');
  }
  const item = index.model.profile.items.find((one) => one.table === table);
  if (item === undefined) {
    if (reasons.length === 0) add('ownError', 'Sync errors come to the devices of their user.');
    return { isHere: true, reasons, left: null };
  }
  const owner = cell('ownerid');
  const user = hello?.user;
  if (item.criteria === 'all') add('all', `The profile has all rows of ${schema.table.label}.`);
  if (item.criteria === 'custom') {
    add('filter', `It matches the filter of the profile for ${schema.table.label}.`);
  }
  if (item.criteria === 'other' && user !== undefined) {
    if (item.mine === true && owner === user.id) add('mine', 'You own it.');
    if (item.myTeams === true && typeof owner === 'string' && user.teamIds.includes(owner)) {
      add('myTeam', `Your team ${String(cell('ownerid$n') ?? owner)} owns it.`);
    }
    if (item.myBusinessUnit === true && cell('owningbusinessunit') === user.businessUnitId) {
      add('myBusinessUnit', 'Your business unit owns it.');
    }
  }
  for (const via of sources(store, index, item, id, cell)) {
    const source = index.table(via.table)?.label ?? via.table;
    add('related', `It is related to ${source} ${via.id}, which is on this device.`, via);
  }
  return { isHere: true, reasons, left: null };
}

/** Rows on the device that bring a row along. */
function sources(
  store: DeviceStore,
  index: ModelIndex,
  item: OfflineProfileItem,
  id: string,
  cell: (slot: string) => unknown,
): readonly NonNullable<RowReason['via']>[] {
  return item.relationships.flatMap((relationship) => {
    const one = index.model.relationships.find(({ name }) => name === relationship);
    if (one === undefined) return [];
    const found = (table: string, sql: string, params: readonly string[]) =>
      store.schema.has(table)
        ? store.all(sql, params).map((row) => ({ relationship, table, id: String(row[0]) }))
        : [];
    if (one.kind === 'manyToOne') {
      if (one.table === item.table) {
        const parent = cell(one.column);
        const isHere =
          typeof parent === 'string' &&
          store.schema.has(one.target) &&
          store.get(one.target, parent) !== null;
        return isHere ? [{ relationship, table: one.target, id: String(parent) }] : [];
      }
      const key = quoted(index.table(one.table)?.primaryId ?? '');
      const sql = `SELECT ${key} FROM ${quoted(one.table)} WHERE ${quoted(one.column)} = ? LIMIT 20`;
      return found(one.table, sql, [id]);
    }
    const [own, other, otherTable] =
      one.table1 === item.table
        ? [one.column1, one.column2, one.table2]
        : [one.column2, one.column1, one.table1];
    if (!store.schema.has(one.intersect)) return [];
    const sql = `SELECT ${quoted(other)} FROM ${quoted(one.intersect)} WHERE ${quoted(own)} = ? LIMIT 20`;
    return found(otherTable, sql, [id]);
  });
}
