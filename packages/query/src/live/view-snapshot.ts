import type { QueryError } from '../query-error.ts';
import type { QueryRow } from '../sql/compile.ts';

/** One step from the rows of the snapshot before to those of this one; steps are applied in order. */
export type PatchOp =
  | { readonly op: 'insert' | 'update'; readonly index: number; readonly row: QueryRow }
  | { readonly op: 'remove'; readonly index: number }
  /** Take all rows anew. */
  | { readonly op: 'reset' };

/** What a live view shows as of one commit. Rows that did not change are the same objects as before. */
export interface ViewSnapshot {
  readonly commit: number;
  /** Milliseconds since the epoch that relative dates were taken from. */
  readonly asOf: number;
  readonly rows: readonly QueryRow[];
  /** Rows before the first one shown. */
  readonly offset: number;
  /** Rows of the whole view; null where it was not asked for. */
  readonly total: number | null;
  readonly patch: readonly PatchOp[];
  /** `paused`: a table is being loaded, the rows follow when it is done. */
  readonly status: 'live' | 'paused' | 'error';
  readonly errors: readonly QueryError[];
}

/** The steps between two lists of rows. What both begin and end with is not looked at. */
export function patchBetween(
  before: readonly QueryRow[],
  after: readonly QueryRow[],
): readonly PatchOp[] {
  const most = Math.min(before.length, after.length);
  let start = 0;
  while (start < most && before[start] === after[start]) start += 1;
  let tail = 0;
  while (tail < most - start && before.at(-1 - tail) === after.at(-1 - tail)) tail += 1;
  const rows = before.slice(start, before.length - tail);
  const wantedRows = after.slice(start, after.length - tail);
  const keys = [...rowKeys(rows)];
  const wanted = rowKeys(wantedRows);
  const kept = new Set(wanted);
  const ops: PatchOp[] = [];
  for (let i = rows.length - 1; i >= 0; i--) {
    if (kept.has(keys[i] ?? '')) continue;
    ops.push({ op: 'remove', index: start + i });
    rows.splice(i, 1);
    keys.splice(i, 1);
  }
  for (const [i, row] of wantedRows.entries()) {
    const key = wanted[i] ?? '';
    if (keys[i] === key) {
      if (rows[i] !== row) ops.push({ op: 'update', index: start + i, row });
      rows[i] = row;
      continue;
    }
    const at = keys.indexOf(key, i + 1);
    if (at >= 0) {
      ops.push({ op: 'remove', index: start + at });
      rows.splice(at, 1);
      keys.splice(at, 1);
    }
    ops.push({ op: 'insert', index: start + i, row });
    rows.splice(i, 0, row);
    keys.splice(i, 0, key);
  }
  return ops;
}

/** The rows after some steps. */
export function applyPatch(
  rows: readonly QueryRow[],
  patch: readonly PatchOp[],
  all: readonly QueryRow[],
): readonly QueryRow[] {
  const result = [...rows];
  for (const step of patch) {
    if (step.op === 'reset') return all;
    if (step.op === 'remove') result.splice(step.index, 1);
    else if (step.op === 'insert') result.splice(step.index, 0, step.row);
    else result[step.index] = step.row;
  }
  return result;
}

/** Ids, told apart by their place among equals where a row repeats or has none. */
export function rowKeys(rows: readonly QueryRow[]): readonly string[] {
  const seen = new Map<string, number>();
  return rows.map((row) => {
    const id = row.id === '' ? JSON.stringify(row.values) : row.id;
    const count = seen.get(id) ?? 0;
    seen.set(id, count + 1);
    return count === 0 ? id : `${id}#${count}`;
  });
}
