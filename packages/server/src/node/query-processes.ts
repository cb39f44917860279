import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { sqlTimeout } from '../limits/sql-timeout.ts';
import type { ReadTx } from '../store/server-store.ts';
import { sqliteEngine } from '../store/sqlite-engine.ts';
import type { QueryAnswer, QueryMessage } from './query-process.ts';

/** Beside this file, as a source or compiled. */
const program = fileURLToPath(import.meta.url).replace(
  /query-processes(\.[jt]s)$/,
  'query-process$1',
);

export interface QueryLimits {
  readonly processes: number;
  /** A statement that takes longer is stopped, with its process. */
  readonly statementMs: number;
}

/**
 * Reads a database file in processes of their own. A statement of `node:sqlite` cannot be stopped, and nothing else runs
 * meanwhile: what callers ask as they like is asked where it holds nobody up, in what can be ended.
 */
export class QueryProcesses {
  readonly #path: string;
  readonly #limits: QueryLimits;
  readonly #idle: ChildProcess[] = [];
  readonly #all = new Set<ChildProcess>();
  readonly #starting = new WeakMap<ChildProcess, Promise<unknown>>();
  readonly #waiting: (() => void)[] = [];
  #busy = 0;

  constructor(path: string, limits: QueryLimits) {
    this.#path = path;
    this.#limits = limits;
  }

  async read<T>(fn: (tx: ReadTx) => Promise<T>): Promise<T> {
    if (this.#busy >= this.#limits.processes) {
      // Whoever ends hands over its place.
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else this.#busy += 1;
    const child = this.#idle.pop() ?? this.#start();
    keepAlive(child, true);
    try {
      await this.#starting.get(child);
      await this.#ask(child, { sql: 'BEGIN', params: [] });
      const value = await fn({
        engine: sqliteEngine,
        all: (sql, params = []) => this.#ask(child, { sql, params }),
      });
      await this.#ask(child, { sql: 'COMMIT', params: [] });
      return value;
    } catch (error) {
      if (child.connected) await this.#ask(child, { sql: 'ROLLBACK', params: [] });
      throw error;
    } finally {
      if (child.connected) {
        keepAlive(child, false);
        this.#idle.push(child);
      }
      const next = this.#waiting.shift();
      if (next === undefined) this.#busy -= 1;
      else next();
    }
  }

  close(): void {
    for (const child of this.#all) child.kill('SIGKILL');
  }

  #start(): ChildProcess {
    const child = fork(program, [this.#path], { serialization: 'advanced', execArgv: [] });
    this.#all.add(child);
    this.#starting.set(
      child,
      new Promise((resolve, reject) => {
        child.once('message', resolve);
        child.once('error', reject);
        child.once('exit', () => reject(new Error('No process can read the database.')));
      }),
    );
    child.once('exit', () => {
      this.#all.delete(child);
      const at = this.#idle.indexOf(child);
      if (at >= 0) this.#idle.splice(at, 1);
    });
    return child;
  }

  /** One statement after another is asked of a process. */
  #ask(child: ChildProcess, message: QueryMessage): Promise<QueryRows> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        child.kill('SIGKILL');
        end();
        child.disconnect();
        reject(sqlTimeout());
      }, this.#limits.statementMs);
      const end = () => {
        clearTimeout(timer);
        child.off('message', answered);
        child.off('exit', exited);
      };
      const answered = (answer: QueryAnswer) => {
        end();
        if ('rows' in answer) resolve(answer.rows);
        else reject(new Error(answer.error));
      };
      const exited = () => {
        end();
        reject(new Error('A process that reads the database has ended.'));
      };
      child.once('message', answered);
      child.once('exit', exited);
      child.send(message);
    });
  }
}

type QueryRows = Extract<QueryAnswer, { readonly rows: unknown }>['rows'];

/** One that waits for the next statement is no reason to go on living. */
function keepAlive(child: ChildProcess, isBusy: boolean): void {
  if (isBusy) {
    child.ref();
    child.channel?.ref();
  } else {
    child.unref();
    child.channel?.unref();
  }
}
