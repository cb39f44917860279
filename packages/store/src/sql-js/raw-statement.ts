import type { SqlJsModule } from 'sql.js';

import { bindError, integerDigits, mayWrite } from '../driver/parameters.ts';
import { checkCount, parametersOf } from '../driver/parameters-of.ts';
import type { PooledStatement } from '../driver/statement-pool.ts';
import type { SqlValue } from '../sql-driver.ts';
import { StoreError } from '../store-error.ts';
import type { RawConnection } from './raw-connection.ts';

const stepRow = 100;
const stepDone = 101;
const type = { integer: 1, float: 2, text: 3, blob: 4 } as const;
const shortText = 24;
const smallArena = 4096;
/** An arena above this is given back after use. */
const largeArena = 1 << 20;

/**
 * A statement over SQLite's C functions. Text and bytes are bound without copying from an arena of the statement, which
 * stays as it is until the next binding.
 */
export class RawStatement implements PooledStatement {
  readonly #connection: RawConnection;
  readonly #module: SqlJsModule;
  readonly #sql: string;
  readonly #mayWrite: boolean;
  readonly #parameters: number;
  #address = 0;
  #columns: readonly string[] | null = null;
  #heap: Uint8Array<ArrayBuffer>;
  #arena = 0;
  #arenaSize = 0;
  #busy = false;

  constructor(connection: RawConnection, sql: string) {
    this.#connection = connection;
    this.#module = connection.module;
    this.#sql = sql;
    this.#mayWrite = mayWrite(sql);
    this.#parameters = parametersOf(sql).length;
    this.#heap = connection.heap.bytes;
    this.#address = connection.prepare(sql);
  }

  get busy(): boolean {
    return this.#busy;
  }

  get columns(): readonly string[] {
    this.#ready();
    this.#columns ??= Array.from(
      { length: this.#module._sqlite3_column_count(this.#address) },
      (_, i) => this.#module.UTF8ToString(this.#module._sqlite3_column_name(this.#address, i)),
    );
    return this.#columns;
  }

  run(params: readonly SqlValue[] = []): { readonly changes: number } {
    this.#connection.host.runs += 1;
    this.#start(params);
    try {
      while (this.#step());
      return { changes: this.#module._sqlite3_changes(this.#connection.db) };
    } finally {
      this.#end();
    }
  }

  /** Runs a statement that controls the connection. */
  step(): void {
    this.#ready();
    try {
      while (this.#step());
    } finally {
      this.#end();
    }
  }

  get(params: readonly SqlValue[] = []): readonly SqlValue[] | undefined {
    this.#start(params);
    try {
      return this.#step() ? this.#row(this.#width()) : undefined;
    } finally {
      this.#end();
    }
  }

  all(params: readonly SqlValue[] = []): readonly (readonly SqlValue[])[] {
    this.#start(params);
    try {
      const rows: SqlValue[][] = [];
      if (!this.#step()) return rows;
      const width = this.#width();
      do rows.push(this.#row(width));
      while (this.#step());
      return rows;
    } finally {
      this.#end();
    }
  }

  *iterate(params: readonly SqlValue[] = []): IterableIterator<readonly SqlValue[]> {
    this.#start(params);
    try {
      while (this.#step()) yield this.#row(this.#width());
    } finally {
      this.#end();
    }
  }

  free(): void {
    if (this.#address !== 0) this.#module._sqlite3_finalize(this.#address);
    this.#freeArena();
    this.#address = 0;
    this.#columns = null;
  }

  #freeArena(): void {
    if (this.#arena !== 0) this.#module._free(this.#arena);
    this.#arena = 0;
    this.#arenaSize = 0;
  }

  #ready(): void {
    if (this.#address === 0) this.#address = this.#connection.prepare(this.#sql);
    else this.#connection.check(this.#sql);
  }

  #start(params: readonly SqlValue[]): void {
    if (this.#busy) {
      throw new StoreError(
        'sql.busy',
        `The statement is being stepped: ${this.#sql.slice(0, 200)}`,
        'Finish the loop over its rows first, or prepare the text again for another statement.',
      );
    }
    this.#ready();
    checkCount(params.length, this.#parameters, this.#sql);
    if (this.#mayWrite) this.#connection.host.onWrite();
    this.#bind(params);
    this.#busy = true;
  }

  #end(): void {
    this.#busy = false;
    if (this.#address === 0) return;
    this.#module._sqlite3_reset(this.#address);
    if (this.#arenaSize > largeArena) this.#freeArena();
  }

  #step(): boolean {
    if (this.#address === 0) return false;
    const code = this.#module._sqlite3_step(this.#address);
    if (code === stepRow) return true;
    if (code === stepDone) return false;
    throw this.#connection.error(this.#sql);
  }

  /** Columns of the current row; a statement may gain some when SQLite prepares it anew after a schema change. */
  #width(): number {
    return this.#module._sqlite3_data_count(this.#address);
  }

  #row(width: number): SqlValue[] {
    const row = new Array<SqlValue>(width);
    for (let i = 0; i < width; i++) row[i] = this.#cell(i);
    return row;
  }

  #cell(i: number): SqlValue {
    const module = this.#module;
    const address = this.#address;
    switch (module._sqlite3_column_type(address, i)) {
      case type.text:
        return this.#text(i);
      case type.float:
        return module._sqlite3_column_double(address, i);
      case type.integer: {
        const value = module._sqlite3_column_double(address, i);
        return Number.isSafeInteger(value) ? value : BigInt(this.#text(i));
      }
      case type.blob: {
        const from = module._sqlite3_column_blob(address, i);
        const length = module._sqlite3_column_bytes(address, i);
        return this.#connection.heap.bytes.slice(from, from + length);
      }
      default:
        return null;
    }
  }

  #text(i: number): string {
    const from = this.#module._sqlite3_column_text(this.#address, i);
    const length = this.#module._sqlite3_column_bytes(this.#address, i);
    return this.#connection.codec.read(this.#connection.heap.bytes, from, from + length);
  }

  #bind(params: readonly SqlValue[]): void {
    const count = params.length;
    let need = 8;
    for (let i = 0; i < count; i++) {
      const value = params[i];
      if (typeof value === 'string') need += value.length * 3;
      else if (value instanceof Uint8Array) need += value.length;
      else if (typeof value === 'bigint') need += 24;
    }
    if (need > this.#arenaSize) {
      this.#freeArena();
      this.#arenaSize = Math.max(smallArena, need > largeArena ? need : need * 2);
      this.#arena = this.#module._malloc(this.#arenaSize);
    }
    let at = this.#arena;
    for (let i = 0; i < count; i++) at = this.#bindOne(i, params[i], at);
  }

  /** Returns the end of what the value took in the arena. */
  #bindOne(i: number, value: SqlValue | undefined, at: number): number {
    const module = this.#module;
    const address = this.#address;
    let end = at;
    let code: number;
    if (typeof value === 'string') {
      end = at + this.#write(value, at);
      code = module._sqlite3_bind_text(address, i + 1, at, end - at, 0);
    } else if (value === null) {
      code = module._sqlite3_bind_blob(address, i + 1, 0, 0, 0);
    } else if (typeof value === 'number') {
      if (value === (value | 0)) code = module._sqlite3_bind_int(address, i + 1, value);
      else if (Number.isFinite(value)) code = module._sqlite3_bind_double(address, i + 1, value);
      else throw bindError(i, value);
    } else if (typeof value === 'bigint') {
      const digits = integerDigits(value);
      if (digits === null) throw bindError(i, value);
      end = at + this.#write(digits, at);
      code = module._sqlite3_bind_text(address, i + 1, at, end - at, 0);
    } else if (value instanceof Uint8Array) {
      this.#connection.heap.bytes.set(value, at);
      end = at + value.length;
      code = module._sqlite3_bind_blob(address, i + 1, at, value.length, 0);
    } else {
      throw bindError(i, value);
    }
    if (code !== 0) throw this.#connection.error(this.#sql);
    return end;
  }

  #write(text: string, at: number): number {
    // A view is empty when the memory has grown since it was made.
    if (this.#heap.length === 0) this.#heap = this.#connection.heap.bytes;
    const bytes = this.#heap;
    const length = text.length;
    if (length < shortText) {
      let i = 0;
      for (; i < length; i++) {
        const code = text.charCodeAt(i);
        if (code > 127) break;
        bytes[at + i] = code;
      }
      if (i === length) return length;
    }
    return this.#connection.codec.write(text.toWellFormed(), bytes, at);
  }
}
