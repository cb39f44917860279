import { type Cells, dataverseErrors, type Table, versionColumn } from '@outpost/model';
import type { EntryRefusal } from './sync-error-row.ts';

/** The platform has always written these itself: nobody loses anything when they are ignored. */
const platformColumns: ReadonlySet<string> = new Set([
  ...['createdon', 'createdby', 'modifiedon', 'modifiedby', 'owningbusinessunit'],
  versionColumn.name,
]);

/**
 * Why an edit cannot be carried out since the definitions of its columns have changed; null: they have not. `set`: its
 * cells in today's names.
 */
export function changedColumns(
  table: Table,
  set: Cells,
): (EntryRefusal & { readonly columns: readonly string[] }) | null {
  const all = new Set(Object.keys(set).map((slot) => slot.replace(/\$[tn]$/, '')));
  const names = [...all].filter((name) => name !== table.primaryId && !platformColumns.has(name));
  const column = (name: string) => table.columns.find((one) => one.name === name);
  const gone = names.filter((name) => column(name) === undefined);
  const locked = names.filter((name) => {
    const { readOnly, composedOf } = column(name) ?? {};
    return readOnly === true && composedOf === undefined;
  });
  if (gone.length === 0 && locked.length === 0) return null;
  const sentences = [
    ...gone.map((name) => `${table.label} has no column "${name}" any more.`),
    ...locked.map(
      (name) => `"${column(name)?.label}" (${name}) of ${table.label} has become read-only.`,
    ),
  ];
  return {
    errorType: 3,
    code: gone.length > 0 ? dataverseErrors.unknownColumn : 'outpost:readOnly',
    message: `${sentences.join(' ')} Discard the edit, or retry it without that.`,
    columns: [...gone, ...locked],
  };
}
