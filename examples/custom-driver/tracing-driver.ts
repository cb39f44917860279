import type {
  Durability,
  NativeSqlite,
  SqlDriver,
  SqlStatement,
  SqlValue,
  StorageLocation,
} from '@outpost/store';

/** What a statement has cost so far. */
export interface StatementCost {
  runs: number;
  rows: number;
  ms: number;
}

/** A driver that measures every statement of another one. Implementing one from the ground up has the same interface. */
export class TracingDriver implements SqlDriver {
  readonly costs = new Map<string, StatementCost>();
  readonly #inner: SqlDriver;

  constructor(inner: SqlDriver) {
    this.#inner = inner;
  }

  get kind(): SqlDriver['kind'] {
    return this.#inner.kind;
  }
  get caps(): SqlDriver['caps'] {
    return this.#inner.caps;
  }
  get diagnostics(): SqlDriver['diagnostics'] {
    return this.#inner.diagnostics;
  }
  get inTransaction(): boolean {
    return this.#inner.inTransaction;
  }
  get runs(): number {
    return this.#inner.runs;
  }
  get durable(): SqlDriver['durable'] {
    return this.#inner.durable;
  }

  exec(text: string): void {
    this.#measure(text, () => this.#inner.exec(text), 0);
  }

  prepare(text: string): SqlStatement {
    const inner = this.#inner.prepare(text);
    return {
      get columns() {
        return inner.columns;
      },
      run: (params) => this.#measure(text, () => inner.run(params), 0),
      get: (params) => this.#measure(text, () => inner.get(params), 1),
      all: (params) => this.#measure(text, () => inner.all(params), null),
      iterate: (params) => this.#iterate(text, inner, params),
    };
  }

  transaction<T>(work: () => T, durability?: Durability): T {
    return this.#inner.transaction(work, durability);
  }
  defineFunction(...args: Parameters<SqlDriver['defineFunction']>): void {
    this.#inner.defineFunction(...args);
  }
  flush(): Promise<void> {
    return this.#inner.flush();
  }
  checkpoint(): void {
    this.#inner.checkpoint();
  }
  snapshot(): Uint8Array<ArrayBuffer> {
    return this.#inner.snapshot();
  }
  snapshotTo(...args: Parameters<SqlDriver['snapshotTo']>): void {
    this.#inner.snapshotTo(...args);
  }
  restore(bytes: Uint8Array): void {
    this.#inner.restore(bytes);
  }
  integrity(level: 'quick' | 'full'): readonly string[] {
    return this.#inner.integrity(level);
  }
  stats(): ReturnType<SqlDriver['stats']> {
    return this.#inner.stats();
  }
  close(): Promise<void> {
    return this.#inner.close();
  }

  /** The statements that took the most time. */
  slowest(count: number): readonly (readonly [string, StatementCost])[] {
    return [...this.costs].sort(([, a], [, b]) => b.ms - a.ms).slice(0, count);
  }

  *#iterate(
    text: string,
    inner: SqlStatement,
    params: readonly SqlValue[] | undefined,
  ): IterableIterator<readonly SqlValue[]> {
    for (const row of inner.iterate(params)) {
      this.#cost(text).rows += 1;
      yield row;
    }
    this.#cost(text).runs += 1;
  }

  #measure<T>(text: string, work: () => T, rows: number | null): T {
    const start = performance.now();
    const result = work();
    const cost = this.#cost(text);
    cost.runs += 1;
    cost.rows += rows ?? (Array.isArray(result) ? result.length : 0);
    cost.ms += performance.now() - start;
    return result;
  }

  #cost(text: string): StatementCost {
    const known = this.costs.get(text);
    if (known !== undefined) return known;
    const fresh = { runs: 0, rows: 0, ms: 0 };
    this.costs.set(text, fresh);
    return fresh;
  }
}

/** A storage whose databases run on a tracing driver; `onOpen` gets it. */
export function traced(
  storage: StorageLocation,
  onOpen: (driver: TracingDriver) => void,
): StorageLocation {
  return {
    name: storage.name,
    delete: () => storage.delete(),
    async open() {
      const opened = await storage.open();
      const { native } = opened;
      if (native === undefined) throw new Error('This example wraps the SQLite of the platform.');
      const tracing: NativeSqlite = {
        preferred: true,
        open(...args) {
          const driver = new TracingDriver(native.open(...args));
          onOpen(driver);
          return driver;
        },
      };
      return { ...opened, native: tracing };
    },
  };
}
