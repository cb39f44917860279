import type { Cell } from '@outpost/model';
import type { LedgerEdit } from '../world/ledger.ts';
import type { Run } from '../world/run-world.ts';
import { nameOf } from '../world/written-cell.ts';
import { ViolationFound } from './violation.ts';

/**
 * W-20: under the policies `on` and `merge`, what an edit replaced in the organization is what its user was shown, or
 * what the user has chosen to write over.
 */
export function checkOverwrites({ ledger, server, devices }: Run): void {
  const byName = new Map<string, LedgerEdit[]>();
  for (const edit of ledger.edits) {
    byName.set(edit.name, [...(byName.get(edit.name) ?? []), edit]);
  }
  for (const edit of ledger.edits) {
    const found = server.store.overwritten.get(edit.name);
    // A value that was written more than once cannot be told apart.
    if (found === undefined || found.policy === 'off' || byName.get(edit.name)?.length !== 1)
      continue;
    if (found.before === undefined || edit.shown === undefined) continue;
    if (wasShown(edit, found.before)) continue;
    const { table, id, column } = edit;
    const who = devices[edit.device]?.name;
    const was = `${JSON.stringify(found.before)} in ${table}.${column} of ${id}`;
    throw new ViolationFound(
      'W-20',
      `${edit.name} replaced ${was}; on ${who} it stood over ${JSON.stringify(edit.shown)}.`,
    );
  }

  /** The user may have written several times before the first of it was sent. */
  function wasShown(edit: LedgerEdit, before: Cell): boolean {
    let at: LedgerEdit | undefined = edit;
    for (const seen = new Set<LedgerEdit>(); at !== undefined && !seen.has(at); ) {
      seen.add(at);
      if (ledger.isForced(at.name) || (at.shown ?? null) === before) return true;
      const own: LedgerEdit[] =
        byName.get(
          nameOf({ table: at.table, id: at.id, slot: at.column, cell: at.shown ?? null }),
        ) ?? [];
      at = own.find((one) => one.device === edit.device);
    }
    return false;
  }
}
