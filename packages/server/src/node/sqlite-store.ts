import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { Cell } from '@outpost/model';
import { ServerError } from '../server-error.ts';
import type { ReadTx, ServerStore, WriteTx } from '../store/server-store.ts';
import { sqliteEngine } from '../store/sqlite-engine.ts';
import { QueryProcesses } from './query-processes.ts';
import { addFunctions } from './sql-functions.ts';

export interface SqliteOptions {
  /** Processes that answer queries of the Web API; they start when they are needed. Default 2. */
  readonly queryProcesses?: number;
  /** A statement of such a query that takes longer is stopped; milliseconds, default 20,000. */
  readonly queryMs?: number;
}

/**
 * A store in one SQLite file, or in memory when `path` is null. Single writer: transactions run one after another. Queries
 * of the Web API are read from the file by other processes, and can be stopped; those of a store in memory cannot.
 */
export function sqliteStore(path: string | null, options: SqliteOptions = {}): ServerStore {
  if (path === null) return new SqliteStore(':memory:');
  const { queryProcesses = 2, queryMs = 20_000 } = options;
  const limits = { processes: queryProcesses, statementMs: queryMs };
  return new FileStore(path, new QueryProcesses(path, limits));
}

/** A store in memory that can be copied: a world that takes a second to build is there again in milliseconds. */
export interface MemoryStore extends ServerStore {
  /** Everything in it, for `memoryStore`. */
  image(): Promise<Uint8Array<ArrayBuffer>>;
}

/** A store in memory, empty or with what an image of another holds. */
export function memoryStore(image?: Uint8Array): MemoryStore {
  return new SqliteStore(':memory:', image);
}

class SqliteStore implements MemoryStore {
  readonly engine = sqliteEngine;
  readonly #db: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  #queue: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(path: string, image?: Uint8Array) {
    this.#db = new DatabaseSync(path);
    if (image !== undefined) this.#db.deserialize(image);
    this.#db.exec(
      'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = OFF;',
    );
    addFunctions(this.#db);
  }

  read<T>(fn: (tx: ReadTx) => Promise<T>): Promise<T> {
    return this.#enqueue('BEGIN', () => fn(this.#tx()));
  }

  write<T>(fn: (tx: WriteTx) => Promise<T>): Promise<T> {
    return this.#enqueue('BEGIN IMMEDIATE', () => fn(this.#tx()));
  }

  image(): Promise<Uint8Array<ArrayBuffer>> {
    // Between two transactions.
    return this.#enqueue('BEGIN', async () => this.#db.serialize() as Uint8Array<ArrayBuffer>);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#queue;
    this.#statements.clear();
    this.#db.close();
  }

  #enqueue<T>(begin: string, fn: () => Promise<T>): Promise<T> {
    if (this.#closed) {
      throw new ServerError('store.closed', 'The organization is closed.', 'Start it again.');
    }
    const run = async (): Promise<T> => {
      this.#db.exec(begin);
      try {
        const value = await fn();
        this.#db.exec('COMMIT');
        return value;
      } catch (error) {
        if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
        throw error;
      }
    };
    const result = this.#queue.then(run);
    this.#queue = result.catch(() => undefined);
    return result;
  }

  #tx(): WriteTx {
    return {
      engine: this.engine,
      all: async (sql, params = []) =>
        this.#prepare(sql).all(...params) as unknown as readonly Cell[][],
      run: async (sql, params = []) => Number(this.#prepare(sql).run(...params).changes),
      savepoint: async (fn) => {
        this.#db.exec('SAVEPOINT entry');
        try {
          const value = await fn();
          this.#db.exec('RELEASE entry');
          return value;
        } catch (error) {
          this.#db.exec('ROLLBACK TO entry; RELEASE entry');
          throw error;
        }
      },
    };
  }

  #prepare(sql: string): StatementSync {
    const cached = this.#statements.get(sql);
    if (cached !== undefined) return cached;
    const statement = this.#db.prepare(sql);
    statement.setReturnArrays(true);
    if (this.#statements.size >= 500) this.#statements.clear();
    this.#statements.set(sql, statement);
    return statement;
  }
}

/** A store in a file, which other processes read from too. */
class FileStore extends SqliteStore {
  readonly #queries: QueryProcesses;

  constructor(path: string, queries: QueryProcesses) {
    super(path);
    this.#queries = queries;
  }

  query<T>(fn: (tx: ReadTx) => Promise<T>): Promise<T> {
    return this.#queries.read(fn);
  }

  override close(): Promise<void> {
    this.#queries.close();
    return super.close();
  }
}
