import type { Cell } from '@outpost/model';
import type { ReadTx, ServerStore, WriteTx } from '@outpost/server';

/** How often each text that looks like a token became the value of a column, in committed transactions. */
export interface CountingStore extends ServerStore {
  readonly written: ReadonlyMap<string, number>;
  /** Every statement, with the rows it answered. */
  readonly statements: { sql: string; rows: number }[];
}

const token = /^tok-/;

/** A store that watches what is written through it. */
export function countingStore(
  inner: ServerStore,
  counts: (table: string, column: string) => boolean,
): CountingStore {
  const written = new Map<string, number>();
  const current = new Map<string, Cell>();
  const statements: { sql: string; rows: number }[] = [];
  const reading = (tx: ReadTx): ReadTx => ({
    engine: tx.engine,
    all: async (sql, params) => {
      const rows = await tx.all(sql, params);
      statements.push({ sql, rows: rows.length });
      return rows;
    },
  });
  return {
    engine: inner.engine,
    written,
    statements,
    read: (fn) => inner.read((tx) => fn(reading(tx))),
    async write(fn) {
      let changes: (readonly [place: string, value: Cell])[] = [];
      const result = await inner.write((tx) => {
        changes = [];
        const watched: WriteTx = {
          ...reading(tx),
          run: async (sql, params = []) => {
            const done = await tx.run(sql, params);
            statements.push({ sql, rows: done });
            changes.push(...changesOf(sql, params, counts));
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
      for (const [place, value] of changes) {
        if (current.get(place) === value) continue;
        current.set(place, value);
        if (typeof value === 'string' && token.test(value)) {
          written.set(value, (written.get(value) ?? 0) + 1);
        }
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
  counts: (table: string, column: string) => boolean,
): readonly (readonly [place: string, value: Cell])[] {
  const [, table, list] =
    /^(?:INSERT INTO|UPDATE) "(\w+)" (?:SET )?(.*?)(?:VALUES|WHERE|$)/s.exec(sql) ?? [];
  if (table === undefined || list === undefined) return [];
  const columns = [...list.matchAll(/"([\w$]+)"/g)].map((one) => one[1] ?? '');
  const isUpdate = sql.startsWith('UPDATE');
  const id = isUpdate ? params[columns.length] : params[columns.indexOf(`${table}id`)];
  const key = id ?? params[columns.indexOf('activityid')];
  return columns.flatMap((column, i) =>
    counts(table, column) ? [[`${table}/${key}/${column}`, params[i] ?? null] as const] : [],
  );
}
