import type { Cell } from '@outpost/model';

/** Cells of a row by slot position, in storage form. */
export type RowImage = readonly Cell[];

/** The net effect of one commit on one row. */
export interface RowChange {
  readonly table: string;
  readonly id: string;
  readonly kind: 'insert' | 'update' | 'delete';
  readonly before: RowImage | null;
  readonly after: RowImage | null;
}

/** Who wrote: the user of this device, or the organization. */
export type Origin = 'local' | 'sync';

/** What one commit changed. Delivered once, after the commit; a rollback delivers nothing. */
export interface ChangeSet {
  readonly commit: number;
  readonly origin: Origin;
  readonly changes: readonly RowChange[];
}
