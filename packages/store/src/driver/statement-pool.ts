import type { SqlStatement } from '../sql-driver.ts';

/** A statement the pool can free; used again after that, it prepares itself anew. */
export interface PooledStatement extends SqlStatement {
  readonly busy: boolean;
  free(): void;
}

const maxTexts = 256;

/** Prepared statements by text, least recently used first. A busy statement is never given out twice. */
export class StatementPool<S extends PooledStatement> {
  readonly #byText = new Map<string, S[]>();
  readonly #create: (sql: string) => S;
  /** Statements prepared since the start. */
  prepared = 0;

  constructor(create: (sql: string) => S) {
    this.#create = create;
  }

  take(sql: string): S {
    const known = this.#byText.get(sql);
    if (known !== undefined) {
      this.#byText.delete(sql);
      this.#byText.set(sql, known);
      const idle = known.find((one) => !one.busy);
      if (idle !== undefined) return idle;
    }
    const statement = this.#create(sql);
    this.prepared += 1;
    if (known !== undefined) known.push(statement);
    else this.#byText.set(sql, [statement]);
    if (this.#byText.size > maxTexts) this.#evict();
    return statement;
  }

  /** Frees every statement; one that is being stepped ends. */
  clear(): void {
    for (const statements of this.#byText.values()) for (const one of statements) one.free();
    this.#byText.clear();
  }

  #evict(): void {
    for (const [sql, statements] of this.#byText) {
      if (statements.some((one) => one.busy)) continue;
      for (const one of statements) one.free();
      this.#byText.delete(sql);
      return;
    }
  }
}
