import type { Cells, Random, SecurityContext } from '@outpost/model';
import type { ConflictPolicy } from '@outpost/sync/protocol';
import type { PublishedApp } from '../published-app.ts';
import type { WriteTx } from '../store/server-store.ts';

/** What does not change while the organization runs. */
export interface WriteEnv
  extends Pick<PublishedApp, 'index' | 'programs' | 'flows' | 'targetEdges'> {
  readonly now: () => number;
  readonly random: Random;
  /** Largest content of a file that users may upload. */
  readonly maxDocumentBytes: number;
  /** Rows that one change may take along; default 50,000. */
  readonly maxCascadeRows?: number;
}

/** Who writes. `system` loads initial rows: no checks, given owners and dates. */
export type Writer =
  | { readonly kind: 'user'; readonly context: SecurityContext; readonly name: string }
  | { readonly kind: 'system' };

export interface RowWrite {
  readonly op: 'create' | 'update' | 'delete';
  readonly table: string;
  readonly id: string;
  readonly set: Cells;
  /** Absent: nothing is compared. */
  readonly expected?: {
    readonly policy: ConflictPolicy;
    readonly version: number;
    readonly base: Cells;
  };
}

/** What access to a row is computed from. */
export interface RowAccess {
  readonly owner: string | null;
  readonly businessUnit: string | null;
}

/** Where and for whom a write happens. */
export interface WriteScope {
  readonly env: WriteEnv;
  readonly tx: WriteTx;
  readonly writer: Writer;
}
