import { dataverseErrors, isLookupValue, type RowValues, type Table } from '@outpost/model';
import type { Session } from '../session.ts';
import type { RefusalReason } from './save-row.ts';

/** Lookups to rows that were deleted on this device: the organization will not know them when the edit arrives. */
export function goneTargets(
  session: Session,
  table: Table,
  given: RowValues,
): readonly RefusalReason[] {
  return Object.entries(given).flatMap(([name, value]): readonly RefusalReason[] => {
    if (!isLookupValue(value) || !session.tables.has(value.table)) return [];
    if (!session.sync.outbox.isDeleted(value.table, value.id)) return [];
    const column = table.columns.find((one) => one.name === name);
    const target = session.index.table(value.table)?.label ?? value.table;
    const message = `${column?.label ?? name}: the ${target} was deleted on this device. Choose another one, or undo the deletion.`;
    return [
      { kind: 'invalidValue', column: name, code: dataverseErrors.objectDoesNotExist, message },
    ];
  });
}

/** The business unit of a new owner, as far as the device knows it: the organization sets it with the owner. */
export function unitOfOwner(
  session: Session,
  table: Table,
  before: RowValues | null,
  values: RowValues,
): RowValues {
  const owner = values['ownerid'] ?? null;
  if (table.ownership !== 'user' || !isLookupValue(owner)) return {};
  const old = before?.['ownerid'] ?? null;
  if (isLookupValue(old) && old.id === owner.id) return {};
  const user = session.sync.hello?.user;
  if (owner.id === user?.id) {
    return { owningbusinessunit: { table: 'businessunit', id: user.businessUnitId } };
  }
  const row = session.tables.has(owner.table) ? session.values(owner.table, owner.id) : null;
  const unit = row?.['businessunitid'] ?? null;
  return isLookupValue(unit) ? { owningbusinessunit: { table: 'businessunit', id: unit.id } } : {};
}
