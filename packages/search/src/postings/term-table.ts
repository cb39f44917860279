import type { SqlDriver } from '@outpost/store';
import type { TermMasks } from '../terms/row-terms.ts';
import type { MemoryTerms } from './memory-terms.ts';
import {
  editPostings,
  lastRid,
  listPostings,
  type PostingList,
  type PostingSink,
  postingWidth,
  readPostings,
  writePostings,
} from './posting.ts';
import { TermFilter } from './term-filter.ts';
import type { TermSource } from './term-source.ts';

/** Bytes of a chunk, about 250 rows. More brought nothing; a change of one row rewrites one chunk. */
const maxChunk = 768;
/** Rows of a chunk that is written at once; most take three bytes. */
const chunkRows = 256;
/** The masks of a row in some columns; where none is left in any column, the row's posting goes. */
export interface TermChange {
  readonly rid: number;
  readonly columns: number;
  readonly masks: TermMasks;
}

/** A chunk that is being changed; `stored`: what the table has of it. */
interface OpenChunk {
  readonly key: number;
  bytes: Uint8Array;
  readonly stored: Uint8Array | null;
  /** Rows from here on belong to other chunks. */
  readonly end: number;
}
const none = new Uint8Array(0);

/** Greater than every character of a term. */
const afterAll = '\u{10ffff}';

/**
 * One generation of a table's index: a SQLite table with a row per chunk of a term's postings. `c` is not greater than
 * the first row of the chunk and greater than the rows of the chunk before.
 */
export class TermTable implements TermSource {
  readonly #driver: SqlDriver;
  readonly #sql: ReturnType<typeof statementsOf>;
  #touched = 0;
  /** Of an index that is built from its first row on: which terms it may have. */
  #filter: TermFilter | null = null;

  constructor(driver: SqlDriver, generation: number) {
    this.#driver = driver;
    this.#sql = statementsOf(tableName(generation));
  }

  /** Terms of rows that were changed one by one, since this was opened; for tests that count work. */
  get touched(): number {
    return this.#touched;
  }

  static create(driver: SqlDriver, generation: number): void {
    driver.exec(
      `CREATE TABLE ${tableName(generation)} (t TEXT, c INTEGER, d BLOB NOT NULL, PRIMARY KEY (t, c)) WITHOUT ROWID`,
    );
  }

  static drop(driver: SqlDriver, generation: number): void {
    driver.exec(`DROP TABLE IF EXISTS ${tableName(generation)}`);
  }

  equal(term: string, sink: PostingSink): void {
    this.#send(this.#sql.equal, [term], sink);
  }

  longer(prefix: string, sink: PostingSink): void {
    this.#send(this.#sql.longer, [prefix, prefix + afterAll], sink);
  }

  containing(namespace: string, text: string, sink: PostingSink): void {
    this.#send(this.#sql.containing, [namespace, namespace + afterAll, text], sink);
  }

  *terms(namespace: string): IterableIterator<string> {
    let last: string | null = null;
    const statement = this.#driver.prepare(this.#sql.terms);
    for (const [term] of statement.iterate([namespace, namespace + afterAll])) {
      if (term === last) continue;
      last = String(term);
      yield last.slice(namespace.length);
    }
  }

  /** The index is built: nothing is appended any more. */
  settle(): void {
    this.#filter = null;
  }

  /** Every posting, by term. */
  visitAll(visit: (term: string, rid: number, masks: TermMasks) => void): void {
    const chunks = this.#driver.prepare(this.#sql.all);
    for (const [t, c, d] of chunks.iterate()) {
      const term = String(t);
      readPostings(d as Uint8Array, Number(c), {
        add: (rid, mask, first, only) => visit(term, rid, { mask, first, only }),
      });
    }
  }

  /** Makes changes, those of one row in their order. A chunk is read and written once, however many of them it has. */
  apply(changes: ReadonlyMap<string, readonly TermChange[]>): void {
    for (const term of [...changes.keys()].sort()) {
      const list = changes.get(term) ?? [];
      this.#touched += list.length;
      this.#filter?.add(term);
      const byRow = list.length === 1 ? list : [...list].sort((a, b) => a.rid - b.rid);
      let chunk: OpenChunk | null = null;
      for (const [i, change] of byRow.entries()) {
        if (chunk !== null && change.rid >= chunk.end) {
          this.#write(term, chunk);
          chunk = null;
        }
        chunk ??= this.#open(term, change.rid, i < byRow.length - 1);
        const { key, bytes } = chunk;
        chunk.bytes = editPostings(bytes, key, change.rid, change.columns, change.masks);
      }
      if (chunk !== null) this.#write(term, chunk);
    }
  }

  /** Adds postings of rows that come after all rows that are here. */
  append(terms: MemoryTerms, isEmpty: boolean): void {
    if (isEmpty) this.#filter = new TermFilter();
    const last = this.#driver.prepare(this.#sql.last);
    for (const term of [...terms.lists.keys()].sort()) {
      const list = terms.lists.get(term) ?? [];
      const isNew = this.#filter?.mayHave(term) === false;
      this.#filter?.add(term);
      const found = isNew ? undefined : last.get([term]);
      const bytes = found?.[1] as Uint8Array | undefined;
      if (bytes === undefined || bytes.length >= maxChunk) {
        this.#insertAll(term, list, 0);
        continue;
      }
      const key = Number(found?.[0]);
      const room = Math.ceil((maxChunk - bytes.length) / 3) * postingWidth;
      const end = Math.min(list.length, room);
      const added = writePostings(list, 0, end, lastRid(bytes, key));
      const joined = new Uint8Array(bytes.length + added.length);
      joined.set(bytes);
      joined.set(added, bytes.length);
      this.#update(term, key, joined);
      this.#insertAll(term, list, end);
    }
  }

  #send(sql: string, params: readonly (string | number)[], sink: PostingSink): void {
    for (const [c, d] of this.#driver.prepare(sql).all(params)) {
      readPostings(d as Uint8Array, Number(c), sink);
    }
  }

  /** The chunk that a row belongs to. Its end is looked up when others may belong to it, too. */
  #open(term: string, rid: number, withEnd: boolean): OpenChunk {
    const found = this.#driver.prepare(this.#sql.chunkOf).get([term, rid]);
    const next = withEnd ? this.#driver.prepare(this.#sql.next).get([term, rid]) : undefined;
    const end = next === undefined ? Number.POSITIVE_INFINITY : Number(next[0]);
    if (found === undefined) return { key: rid, bytes: none, stored: null, end };
    const bytes = found[1] as Uint8Array;
    return { key: Number(found[0]), bytes, stored: bytes, end };
  }

  #write(term: string, { key, bytes, stored }: OpenChunk): void {
    if (bytes === stored || (stored === null && bytes.length === 0)) return;
    if (bytes.length > maxChunk) {
      if (stored !== null) this.#driver.prepare(this.#sql.remove).run([term, key]);
      this.#insertAll(term, listPostings(bytes, key), 0, chunkRows / 2);
    } else if (bytes.length === 0) this.#driver.prepare(this.#sql.remove).run([term, key]);
    else if (stored === null) this.#put(term, key, bytes);
    else this.#update(term, key, bytes);
  }

  #insertAll(term: string, list: PostingList, from: number, rows: number = chunkRows): void {
    for (let at = from; at < list.length; at += rows * postingWidth) {
      const end = Math.min(list.length, at + rows * postingWidth);
      const key = list[at] ?? 0;
      this.#put(term, key, writePostings(list, at, end, key));
    }
  }

  #put(term: string, key: number, bytes: Uint8Array): void {
    this.#driver.prepare(this.#sql.insert).run([term, key, bytes]);
  }

  #update(term: string, key: number, bytes: Uint8Array): void {
    this.#driver.prepare(this.#sql.update).run([bytes, term, key]);
  }
}

function tableName(generation: number): string {
  return `"$sx${generation}"`;
}

/** Texts are the keys of prepared statements: made once, they are looked up fast. */
function statementsOf(name: string) {
  return {
    equal: `SELECT c, d FROM ${name} WHERE t = ?`,
    longer: `SELECT c, d FROM ${name} WHERE t > ? AND t < ?`,
    containing: `SELECT c, d FROM ${name} WHERE t > ? AND t < ? AND instr(substr(t, 2), ?) > 0`,
    terms: `SELECT t FROM ${name} WHERE t > ? AND t < ? ORDER BY t`,
    all: `SELECT t, c, d FROM ${name} ORDER BY t, c`,
    chunkOf: `SELECT c, d FROM ${name} WHERE t = ? AND c <= ? ORDER BY c DESC LIMIT 1`,
    next: `SELECT c FROM ${name} WHERE t = ? AND c > ? ORDER BY c LIMIT 1`,
    last: `SELECT c, d FROM ${name} WHERE t = ? ORDER BY c DESC LIMIT 1`,
    insert: `INSERT INTO ${name} (t, c, d) VALUES (?, ?, ?)`,
    update: `UPDATE ${name} SET d = ? WHERE t = ? AND c = ?`,
    remove: `DELETE FROM ${name} WHERE t = ? AND c = ?`,
  } as const;
}
