import type { Cell } from '@outpost/model';

/**
 * Cells of a row by position, in storage form: the slots of the table first, then its folded columns (see
 * `TableSchema`). Never change one.
 */
export type RowImage = readonly Cell[];

/** The net effect of one commit on one row. */
export interface RowChange {
  readonly table: string;
  readonly id: string;
  readonly kind: 'insert' | 'update' | 'delete';
  /** `_rid` that the row had before; null for an insert. Reused by later rows: never keep one past its commit. */
  readonly rid: number | null;
  /** The row was inserted by this commit, so its `_rid` is another one now; also of an update, when it was deleted first. */
  readonly isNew: boolean;
  readonly before: RowImage | null;
  readonly after: RowImage | null;
  /** Positions whose cells differ; every position for an insert or a delete. */
  readonly changed: readonly number[];
}

/** Who wrote: the user of this device, the organization, or this package. */
export type Origin = 'local' | 'sync' | 'system';

/** What one commit did to a table. `loaded` and `unknown` come without images: read the table again. */
export type TableChanges =
  | { readonly kind: 'rows'; readonly rows: readonly RowChange[] }
  | {
      readonly kind: 'loaded';
      readonly count: number;
      /** Rows among them that were there before. */
      readonly overwritten: number;
    }
  | { readonly kind: 'unknown'; readonly reason: 'bypassed' | 'migration' | 'restore' };

/** What one commit changed. Delivered once, after the commit; a rollback delivers nothing. */
export interface ChangeSet {
  /** Number of this opening of the database; with `commit` it names the commit for ever. */
  readonly epoch: number;
  /** 1, 2, 3 ... since the database was opened. */
  readonly commit: number;
  /** Positions in images are those of this version. */
  readonly schemaVersion: number;
  readonly origin: Origin;
  readonly label: string | null;
  /** Changed tables of the model. Empty when only own tables of packages changed. */
  readonly tables: ReadonlyMap<string, TableChanges>;
  /** True when a crash cannot take the commit back; a promise for that with group commit; false after `normal`. */
  readonly durable: boolean | Promise<void>;
}

/** Whether a row may have changed. */
export function touchesRow(set: ChangeSet, table: string, id: string): boolean {
  const changes = set.tables.get(table);
  if (changes === undefined) return false;
  return changes.kind !== 'rows' || changes.rows.some((change) => change.id === id);
}
