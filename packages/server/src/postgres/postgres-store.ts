import { setTimeout as wait } from 'node:timers/promises';
import type { Cell, Random } from '@outpost/model';
import pg from 'pg';
import { HttpError, ServerError } from '../server-error.ts';
import type { ReadTx, ServerStore, WriteTx } from '../store/server-store.ts';
import type { StoreEngine } from '../store/store-engine.ts';
import { cellTypes } from './cell-types.ts';
import { sequencer, transactionNumbers } from './clocks.ts';
import { Connection } from './connection.ts';
import { inTheWay, readable, unavailable } from './faults.ts';
import { postgresEngine } from './postgres-engine.ts';

export interface PostgresOptions {
  /** Tells how long a write waits that another one was in the way of. */
  readonly random: Random;
  /** Schema that holds everything of the organization; made when it is missing. Default `public`. */
  readonly schema?: string;
  /**
   * How changes are ordered: `xid8` by transaction numbers (default), `sequencer` by numbers given after commits, for
   * databases without transaction numbers. All processes use the same one.
   */
  readonly clock?: 'xid8' | 'sequencer';
  /** Connections at most; default 10. */
  readonly connections?: number;
  /** A statement that takes longer is stopped; milliseconds, default 60,000. */
  readonly statementMs?: number;
  /** A statement of a query of the Web API that takes longer is stopped; milliseconds, default 20,000. */
  readonly queryMs?: number;
  /** Told of what went wrong with connections that nobody was using. Default: nobody. */
  readonly onFault?: (error: unknown) => void;
}

/**
 * A store in a PostgreSQL database (15 or newer), which any number of processes may use at the same time. Reads are
 * snapshots; writes are serializable, and run again when another one was in their way.
 *
 * `address` is a connection URL such as `postgres://user@host/database`.
 */
export function postgresStore(address: string, options: PostgresOptions): ServerStore {
  return new PostgresStore(address, options);
}

const mostTries = 20;
/** Columns have other names or types since the transaction, or the plan of a statement, was made. */
const changedSchema: ReadonlySet<string> = new Set(['42703', '0A000']);
/** What these say may be an error of the program too. */
const mostSchemaTries = 3;
const readBegin = 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY';
/** Reading along an index, writes are in the way of fewer others. */
const writeBegin = 'BEGIN ISOLATION LEVEL SERIALIZABLE; SET LOCAL enable_seqscan = off';

/** Statements that are kept planned. */
const mostStatements = 1000;

interface Statement {
  readonly text: string;
  readonly name: string | undefined;
}

class PostgresStore implements ServerStore {
  readonly engine: StoreEngine;
  readonly connections: number;
  readonly #queryBegin: string;
  readonly #pool: pg.Pool;
  readonly #schema: string;
  readonly #random: Random;
  readonly #statements = new Map<string, Statement>();
  #ready: Promise<void> | null = null;
  #closed: Promise<void> | null = null;

  constructor(address: string, options: PostgresOptions) {
    const { schema = 'public', connections = 10, statementMs = 60_000, queryMs = 20_000 } = options;
    if (!/^[a-z_][a-z0-9_]{0,62}$/.test(schema)) {
      throw new ServerError(
        'store.address',
        `"${schema}" is not the name of a schema.`,
        'Use lower-case letters, digits and underscores.',
      );
    }
    this.#schema = schema;
    this.engine = postgresEngine(options.clock === 'sequencer' ? sequencer : transactionNumbers);
    this.#random = options.random;
    this.connections = connections;
    // One query, one processor.
    this.#queryBegin = `${readBegin}; SET LOCAL statement_timeout = ${Math.round(queryMs)}; SET LOCAL max_parallel_workers_per_gather = 0`;
    this.#pool = new pg.Pool({
      connectionString: address,
      max: connections,
      connectionTimeoutMillis: 10_000,
      statement_timeout: statementMs,
      idle_in_transaction_session_timeout: 30_000,
      application_name: `outpost ${schema}`,
      // Statements are short: compiling them to machine code takes longer than running them.
      options: `-c search_path=${schema} -c jit=off`,
    });
    this.#pool.on('error', options.onFault ?? (() => undefined));
  }

  query<T>(fn: (tx: ReadTx) => Promise<T>): Promise<T> {
    return this.#transact(this.#queryBegin, fn);
  }

  read<T>(fn: (tx: ReadTx) => Promise<T>): Promise<T> {
    return this.#transact(readBegin, fn);
  }

  write<T>(fn: (tx: WriteTx) => Promise<T>): Promise<T> {
    return this.#transact(writeBegin, fn);
  }

  close(): Promise<void> {
    this.#closed ??= this.#pool.end();
    return this.#closed;
  }

  async #transact<T>(begin: string, fn: (tx: WriteTx) => Promise<T>): Promise<T> {
    if (this.#closed !== null) {
      throw new ServerError('store.closed', 'The organization is closed.', 'Start it again.');
    }
    this.#ready ??= this.#prepare();
    try {
      await this.#ready;
    } catch (error) {
      this.#ready = null;
      throw readable(error);
    }
    for (let tries = 1; ; tries++) {
      try {
        return await this.#once(begin, fn);
      } catch (error) {
        const code = error instanceof pg.DatabaseError ? (error.code ?? '') : '';
        const most = inTheWay.has(code) ? mostTries : changedSchema.has(code) ? mostSchemaTries : 1;
        if (tries >= most) throw readable(error);
        // Those that were in each other's way are not to meet again at once.
        await wait(this.#random.next() * Math.min(100, 2 ** tries));
      }
    }
  }

  async #once<T>(begin: string, fn: (tx: WriteTx) => Promise<T>): Promise<T> {
    return this.#connected(async (connection) => {
      const { client } = connection;
      try {
        await client.query(begin);
        const value = await fn(this.#tx(client));
        await client.query('COMMIT');
        return value;
      } catch (error) {
        await client.query('ROLLBACK').catch(connection.lose);
        // Its plans are of no use any more.
        if (error instanceof pg.DatabaseError && changedSchema.has(error.code ?? '')) {
          connection.isUsedUp = true;
        }
        throw error;
      }
    });
  }

  /** Throws the 503 of a database that cannot be reached, or that went away meanwhile. */
  async #connected<T>(fn: (connection: Connection) => Promise<T>): Promise<T> {
    let connection: Connection;
    try {
      connection = new Connection(await this.#pool.connect());
    } catch (error) {
      throw unavailable(error);
    }
    try {
      return await fn(connection);
    } catch (error) {
      throw connection.isLost && !(error instanceof HttpError) ? unavailable(error) : error;
    } finally {
      connection.release();
    }
  }

  #prepare(): Promise<void> {
    return this.#connected(async ({ client }) => {
      const { rows } = await client.query<{ version: number }>(
        `SELECT current_setting('server_version_num')::int AS version`,
      );
      if ((rows[0]?.version ?? 0) < 150_000) {
        throw new ServerError(
          'store.unsupported',
          'The database is older than PostgreSQL 15.',
          'Use PostgreSQL 15 or newer.',
        );
      }
      const known = await client.query('SELECT 1 FROM pg_namespace WHERE nspname = $1', [
        this.#schema,
      ]);
      if (known.rowCount === 0) {
        // Another process may make it at the same time.
        await client
          .query(`CREATE SCHEMA IF NOT EXISTS "${this.#schema}"`)
          .catch((error: unknown) => {
            if (!(error instanceof pg.DatabaseError && error.code === '23505')) throw error;
          });
      }
    });
  }

  /** With the placeholders of the database, under a name, so that each connection plans it only once. */
  #statement(sql: string): Statement {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const { text } = this.engine.dialect.finish({ text: sql, params: [] });
    // Those with conditions of their own for each caller are too many to keep.
    if (this.#statements.size >= mostStatements) return { text, name: undefined };
    const statement = { text, name: `s${this.#statements.size}` };
    this.#statements.set(sql, statement);
    return statement;
  }

  #tx(client: pg.PoolClient): WriteTx {
    const { engine } = this;
    const query = (sql: string, params: readonly Cell[]) => {
      const { text, name } = this.#statement(sql);
      return client.query({ text, name, values: [...params], rowMode: 'array', types: cellTypes });
    };
    return {
      engine,
      all: async (sql, params = []) => {
        const { rows } = await query(sql, params);
        return rows as unknown as readonly Cell[][];
      },
      run: async (sql, params = []) => (await query(sql, params)).rowCount ?? 0,
      savepoint: async (fn) => {
        await client.query('SAVEPOINT entry');
        try {
          const value = await fn();
          await client.query('RELEASE SAVEPOINT entry');
          return value;
        } catch (error) {
          await client.query('ROLLBACK TO SAVEPOINT entry; RELEASE SAVEPOINT entry');
          throw error;
        }
      },
    };
  }
}
