import type { Cell } from '@outpost/model';
import type { ReadTx, ServerStore, WriteTx } from '@outpost/server';
import type { ConflictPolicy } from '@outpost/sync/protocol';
import { baseName } from './column-names.ts';
import { nameOf, tokenPattern, type WrittenCell } from './written-cell.ts';

/** What an edit found in the organization when it was applied. */
export interface Overwritten {
  /** The cell before; undefined: there was no row. */
  readonly before: Cell | undefined;
  readonly policy: ConflictPolicy;
}

/** A store of the organization that tells how often each token became the value of a column. */
export interface WatchedStore extends ServerStore {
  /** Times, by token, in committed transactions. */
  readonly written: ReadonlyMap<string, number>;
  /** By name of what was written, what it replaced when it was first written. */
  readonly overwritten: ReadonlyMap<string, Overwritten>;
  /** By name of what was written, the commit that wrote it last, even over the same value. */
  readonly writtenAt: ReadonlyMap<string, number>;
  /** Committed write transactions. */
  readonly commits: number;
  /** Those among them that wrote more than the organization's own notes about devices. */
  readonly businessCommits: number;
}

/** Statements on what the organization notes about devices: nobody's rights depend on it. */
const notes =
  /^(?:INSERT INTO|UPDATE|DELETE FROM) "\$(?:sent|reached|device|mark|result|upload|upload_part)"/;

/** Columns that edits write, by table, with the table's primary key. */
export type WatchedColumns = ReadonlyMap<
  string,
  { readonly primaryId: string; readonly columns: readonly string[] }
>;

export function watchedStore(inner: ServerStore, columns: WatchedColumns): WatchedStore {
  const written = new Map<string, number>();
  const overwritten = new Map<string, Overwritten>();
  const writtenAt = new Map<string, number>();
  const current = new Map<string, Cell>();
  let policy: ConflictPolicy = 'off';
  let commits = 0;
  let businessCommits = 0;
  const take = (change: WrittenCell): void => {
    const name = nameOf(change);
    writtenAt.set(name, commits);
    const place = `${change.table}/${change.id}/${baseName(change.slot)}`;
    const before = current.get(place);
    if (before === change.cell) return;
    current.set(place, change.cell);
    if (!overwritten.has(name)) overwritten.set(name, { before, policy });
    if (typeof change.cell === 'string' && tokenPattern.test(change.cell)) {
      written.set(name, (written.get(name) ?? 0) + 1);
    }
  };
  return {
    written,
    overwritten,
    writtenAt,
    get commits() {
      return commits;
    },
    get businessCommits() {
      return businessCommits;
    },
    engine: inner.engine,
    read: (fn) => inner.read((tx: ReadTx) => fn(tx)),
    async write(fn) {
      let changes: WrittenCell[] = [];
      let isBusiness = false;
      let nextPolicy: ConflictPolicy | null = null;
      const result = await inner.write((tx) => {
        changes = [];
        const watched: WriteTx = {
          engine: tx.engine,
          all: (sql, params) => tx.all(sql, params),
          run: async (sql, params = []) => {
            const done = await tx.run(sql, params);
            isBusiness ||= !notes.test(sql);
            nextPolicy = policyOf(sql, params) ?? nextPolicy;
            changes.push(...changesOf(sql, params, columns));
            return done;
          },
          savepoint: async (inside) => {
            const before = changes.length;
            try {
              return await tx.savepoint(inside);
            } catch (error) {
              changes.length = before;
              throw error;
            }
          },
        };
        return fn(watched);
      });
      commits += 1;
      if (isBusiness) businessCommits += 1;
      for (const change of changes) take(change);
      policy = nextPolicy ?? policy;
      return result;
    },
    close: () => inner.close(),
  };
}

function policyOf(sql: string, [key, value]: readonly Cell[]): ConflictPolicy | null {
  if (key !== 'conflictPolicy' || !sql.startsWith('INSERT INTO "$state"')) return null;
  return value === 'on' || value === 'merge' ? value : 'off';
}

/** Cells that a statement writes. */
function changesOf(
  sql: string,
  params: readonly Cell[],
  watched: WatchedColumns,
): readonly WrittenCell[] {
  const [, table = '', list] =
    /^(?:INSERT INTO|UPDATE) "(\w+)" (?:SET )?(.*?)(?:VALUES|WHERE|$)/s.exec(sql) ?? [];
  const known = watched.get(table);
  if (known === undefined || list === undefined) return [];
  const columns = [...list.matchAll(/"([\w$]+)"/g)].map((one) => one[1] ?? '');
  // An update names the row after the columns that it sets.
  const at = sql.startsWith('UPDATE') ? columns.length : columns.indexOf(known.primaryId);
  const id = String(params[at]);
  return columns.flatMap((slot, i) =>
    known.columns.includes(baseName(slot)) ? [{ table, id, slot, cell: params[i] ?? null }] : [],
  );
}
