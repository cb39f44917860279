import type { Cell } from '@outpost/model';
import type { ReadTx, ServerStore, WriteTx } from '@outpost/server';

/** A store of the organization that tells how often each token became the value of a column. */
export interface WatchedStore extends ServerStore {
  /** Times, by token, in committed transactions. */
  readonly written: ReadonlyMap<string, number>;
  /** Committed write transactions. */
  readonly commits: number;
  /** Those among them that wrote more than the organization's own notes about devices. */
  readonly businessCommits: number;
}

/** Statements on what the organization notes about devices: nobody's rights depend on it. */
const notes =
  /^(?:INSERT INTO|UPDATE|DELETE FROM) "\$(?:sent|reached|device|mark|result|upload|upload_part)"/;

export const tokenPattern: RegExp = /^tok-\d+\b/;

/** Columns that tokens are written to, by table, with the table's primary key. */
export type WatchedColumns = ReadonlyMap<
  string,
  { readonly primaryId: string; readonly columns: readonly string[] }
>;

export function watchedStore(inner: ServerStore, columns: WatchedColumns): WatchedStore {
  const written = new Map<string, number>();
  const current = new Map<string, Cell>();
  let commits = 0;
  let businessCommits = 0;
  return {
    written,
    get commits() {
      return commits;
    },
    get businessCommits() {
      return businessCommits;
    },
    engine: inner.engine,
    read: (fn) => inner.read((tx: ReadTx) => fn(tx)),
    async write(fn) {
      let changes: (readonly [place: string, value: Cell])[] = [];
      let isBusiness = false;
      const result = await inner.write((tx) => {
        changes = [];
        const watched: WriteTx = {
          engine: tx.engine,
          all: (sql, params) => tx.all(sql, params),
          run: async (sql, params = []) => {
            const done = await tx.run(sql, params);
            isBusiness ||= !notes.test(sql);
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
      for (const [place, value] of changes) {
        if (current.get(place) === value) continue;
        current.set(place, value);
        const token = typeof value === 'string' ? tokenPattern.exec(value)?.[0] : undefined;
        if (token !== undefined) written.set(token, (written.get(token) ?? 0) + 1);
      }
      return result;
    },
    close: () => inner.close(),
  };
}

/** Columns that a statement writes, each under the name of its cell. */
function changesOf(
  sql: string,
  params: readonly Cell[],
  watched: WatchedColumns,
): readonly (readonly [place: string, value: Cell])[] {
  const [, table = '', list] =
    /^(?:INSERT INTO|UPDATE) "(\w+)" (?:SET )?(.*?)(?:VALUES|WHERE|$)/s.exec(sql) ?? [];
  const known = watched.get(table);
  if (known === undefined || list === undefined) return [];
  const columns = [...list.matchAll(/"([\w$]+)"/g)].map((one) => one[1] ?? '');
  // An update names the row after the columns that it sets.
  const at = sql.startsWith('UPDATE') ? columns.length : columns.indexOf(known.primaryId);
  const row = String(params[at]);
  return columns.flatMap((column, i) =>
    known.columns.includes(column)
      ? [[`${table}/${row}/${column}`, params[i] ?? null] as const]
      : [],
  );
}
