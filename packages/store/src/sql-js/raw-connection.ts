import type { SqlJsModule } from 'sql.js';
import { sqliteError } from '../driver/sqlite-error.ts';
import { StatementHost } from '../driver/statement-host.ts';
import { closedError, type StoreError } from '../store-error.ts';
import type { EngineHeap } from './engine-heap.ts';
import type { TextCodec } from './text-codec.ts';
import type { OpenedDatabase, Vfs } from './vfs.ts';

/** One `sqlite3*` and what its statements need. */
export class RawConnection {
  readonly module: SqlJsModule;
  readonly heap: EngineHeap;
  readonly codec: TextCodec;
  readonly #opened: OpenedDatabase;
  readonly #vfs: Vfs;
  readonly host: StatementHost = new StatementHost();
  readonly #callbacks: number[] = [];
  #closed = false;

  constructor(
    module: SqlJsModule,
    heap: EngineHeap,
    codec: TextCodec,
    opened: OpenedDatabase,
    vfs: Vfs,
  ) {
    this.module = module;
    this.heap = heap;
    this.codec = codec;
    this.#opened = opened;
    this.#vfs = vfs;
  }

  get db(): number {
    return this.#opened.db.db;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Throws when the database is closed, or when a failed sync made its state unknown. */
  check(sql: string): void {
    if (this.#closed) throw closedError();
    if (this.#opened.syncFailed) {
      throw sqliteError('disk I/O error: an earlier sync failed', sql, this.#vfs.takeError());
    }
  }

  error(sql: string): StoreError {
    const message = this.module.UTF8ToString(this.module._sqlite3_errmsg(this.db));
    return sqliteError(message, sql, this.#vfs.takeError());
  }

  exec(sql: string): void {
    this.check(sql);
    const code = this.heap.withText(sql, (address) =>
      this.module._sqlite3_exec(this.db, address, 0, 0, 0),
    );
    if (code !== 0) throw this.error(sql);
  }

  /** The address of a new statement. */
  prepare(sql: string): number {
    this.check(sql);
    return this.heap.withText(sql, (address, bytes) => {
      const out = this.module._malloc(4);
      try {
        const code = this.module._sqlite3_prepare_v2(this.db, address, bytes, out, 0);
        if (code !== 0) throw this.error(sql);
        const statement = this.heap.readWord(out);
        if (statement === 0) throw sqliteError('syntax error: the text is empty', sql);
        return statement;
      } finally {
        this.module._free(out);
      }
    });
  }

  /** Syncs the write-ahead log, which makes every commit durable. */
  syncLog(): void {
    this.#opened.log()?.sync();
  }

  logSize(): number {
    return this.#opened.log()?.size() ?? 0;
  }

  /** Keeps a function that SQLite calls until the database is closed; answers its place in the engine's table. */
  addCallback(fn: (...args: never[]) => unknown, signature: string): number {
    const place = this.module.addFunction(fn, signature);
    this.#callbacks.push(place);
    return place;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#opened.db.close();
    this.#opened.release();
    // The engine outlives its databases: what it holds of them is never collected.
    for (const place of this.#callbacks) this.module.removeFunction(place);
  }
}
