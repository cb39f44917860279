import type { SqlDriver } from '@outpost/store';
import type { TermMasks } from '../terms/row-terms.ts';
import type { MemoryTerms } from './memory-terms.ts';
import {
  listPostings,
  type PostingList,
  type PostingSink,
  postingWidth,
  readPostings,
  writePostings,
} from './posting.ts';
import type { TermSource } from './term-source.ts';

/** Postings of a chunk. More brought nothing; a change of one row rewrites one chunk. */
const maxChunk = 256;
/** Greater than every character of a term. */
const afterAll = '\u{10ffff}';

/**
 * One generation of a table's index: a SQLite table with a row per chunk of a term's postings. `c` is not greater than
 * the first row of the chunk and greater than the rows of the chunk before.
 */
export class TermTable implements TermSource {
  readonly #driver: SqlDriver;
  readonly #name: string;
  #touched = 0;

  constructor(driver: SqlDriver, generation: number) {
    this.#driver = driver;
    this.#name = tableName(generation);
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
    this.#send(`SELECT c, d FROM ${this.#name} WHERE t = ?`, [term], sink);
  }

  longer(prefix: string, sink: PostingSink): void {
    this.#send(
      `SELECT c, d FROM ${this.#name} WHERE t > ? AND t < ?`,
      [prefix, prefix + afterAll],
      sink,
    );
  }

  containing(namespace: string, text: string, sink: PostingSink): void {
    this.#send(
      `SELECT c, d FROM ${this.#name} WHERE t > ? AND t < ? AND instr(substr(t, 2), ?) > 0`,
      [namespace, namespace + afterAll, text],
      sink,
    );
  }

  *terms(namespace: string): IterableIterator<string> {
    let last: string | null = null;
    const statement = this.#driver.prepare(
      `SELECT t FROM ${this.#name} WHERE t > ? AND t < ? ORDER BY t`,
    );
    for (const [term] of statement.iterate([namespace, namespace + afterAll])) {
      if (term === last) continue;
      last = String(term);
      yield last.slice(namespace.length);
    }
  }

  /** Every posting, by term. */
  visitAll(visit: (term: string, rid: number, masks: TermMasks) => void): void {
    const chunks = this.#driver.prepare(`SELECT t, c, d FROM ${this.#name} ORDER BY t, c`);
    for (const [t, c, d] of chunks.iterate()) {
      const term = String(t);
      readPostings(d as Uint8Array, Number(c), {
        add: (rid, mask, first, only) => visit(term, rid, { mask, first, only }),
      });
    }
  }

  /** Sets or removes the posting of a row. */
  touch(term: string, rid: number, masks: TermMasks | null): void {
    this.#touched += 1;
    const found = this.#driver
      .prepare(`SELECT c, d FROM ${this.#name} WHERE t = ? AND c <= ? ORDER BY c DESC LIMIT 1`)
      .get([term, rid]);
    if (found === undefined) {
      if (masks === null) return;
      this.#insert(term, rid, [rid, masks.mask, masks.first, masks.only]);
      return;
    }
    const key = Number(found[0]);
    const list = listPostings(found[1] as Uint8Array, key);
    let at = 0;
    while (at < list.length && (list[at] ?? 0) < rid) at += postingWidth;
    const isThere = list[at] === rid;
    if (masks === null) {
      if (!isThere) return;
      list.splice(at, postingWidth);
    } else {
      list.splice(at, isThere ? postingWidth : 0, rid, masks.mask, masks.first, masks.only);
    }
    this.#replace(term, key, list);
  }

  /** Adds postings of rows that come after all rows that are here. */
  append(terms: MemoryTerms, isEmpty: boolean): void {
    for (const term of [...terms.lists.keys()].sort()) {
      const list = terms.lists.get(term) ?? [];
      const last = isEmpty
        ? undefined
        : this.#driver
            .prepare(`SELECT c, d FROM ${this.#name} WHERE t = ? ORDER BY c DESC LIMIT 1`)
            .get([term]);
      if (last === undefined) {
        this.#insertAll(term, list, 0);
        continue;
      }
      const key = Number(last[0]);
      const held = listPostings(last[1] as Uint8Array, key);
      const room = Math.max(0, maxChunk * postingWidth - held.length);
      for (let i = 0; i < Math.min(room, list.length); i++) held.push(list[i] ?? 0);
      if (room > 0) this.#update(term, key, writePostings(held, 0, held.length, key));
      this.#insertAll(term, list, room);
    }
  }

  #send(sql: string, params: readonly (string | number)[], sink: PostingSink): void {
    for (const [c, d] of this.#driver.prepare(sql).all(params)) {
      readPostings(d as Uint8Array, Number(c), sink);
    }
  }

  #insertAll(term: string, list: PostingList, from: number): void {
    for (let at = from; at < list.length; at += maxChunk * postingWidth) {
      const end = Math.min(list.length, at + maxChunk * postingWidth);
      const key = list[at] ?? 0;
      this.#put(term, key, writePostings(list, at, end, key));
    }
  }

  #insert(term: string, key: number, list: PostingList): void {
    this.#put(term, key, writePostings(list, 0, list.length, key));
  }

  #replace(term: string, key: number, list: PostingList): void {
    if (list.length === 0) {
      this.#driver.prepare(`DELETE FROM ${this.#name} WHERE t = ? AND c = ?`).run([term, key]);
      return;
    }
    if (list.length <= maxChunk * postingWidth) {
      this.#update(term, key, writePostings(list, 0, list.length, key));
      return;
    }
    const half = Math.floor(list.length / postingWidth / 2) * postingWidth;
    this.#update(term, key, writePostings(list, 0, half, key));
    const next = list[half] ?? 0;
    this.#put(term, next, writePostings(list, half, list.length, next));
  }

  #put(term: string, key: number, bytes: Uint8Array): void {
    this.#driver
      .prepare(`INSERT INTO ${this.#name} (t, c, d) VALUES (?, ?, ?)`)
      .run([term, key, bytes]);
  }

  #update(term: string, key: number, bytes: Uint8Array): void {
    this.#driver
      .prepare(`UPDATE ${this.#name} SET d = ? WHERE t = ? AND c = ?`)
      .run([bytes, term, key]);
  }
}

function tableName(generation: number): string {
  return `"$sx${generation}"`;
}
