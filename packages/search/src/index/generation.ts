import type { Cell } from '@outpost/model';
import { type DeviceStore, quoted, type RowImage } from '@outpost/store';
import { MemoryTerms } from '../postings/memory-terms.ts';
import { TermTable } from '../postings/term-table.ts';
import { rowTerms, visitTerms, type WordNamespace } from '../terms/row-terms.ts';
import type { SearchedTable } from '../terms/searched-table.ts';
import { Vocabulary } from '../vocabulary/vocabulary.ts';
import { complete, type GenerationState } from './index-state.ts';

/** One index of a table at work. Its state is that of the last commit. */
export class Generation {
  state: GenerationState;
  readonly terms: TermTable;
  readonly #store: DeviceStore;
  readonly #vocabularies = new Map<string, Vocabulary>();

  constructor(store: DeviceStore, state: GenerationState) {
    this.#store = store;
    this.state = state;
    this.terms = new TermTable(store.driver, state.generation);
  }

  get isComplete(): boolean {
    return this.state.builtTo === complete;
  }

  /** All words of the index, and some that are gone. Read when first asked for. */
  vocabularyOf(namespace: WordNamespace): Vocabulary {
    const known = this.#vocabularies.get(namespace);
    if (known !== undefined) return known;
    const vocabulary = new Vocabulary(this.terms.terms(namespace));
    this.#vocabularies.set(namespace, vocabulary);
    return vocabulary;
  }

  /** Brings the terms of a row from one image to another; null: the row is not there. */
  change(
    searched: SearchedTable,
    positions: readonly number[],
    rid: number,
    before: RowImage | null,
    after: RowImage | null,
  ): void {
    const old = before === null ? null : rowTerms(searched.columns, pick(before, positions));
    const now = after === null ? null : rowTerms(searched.columns, pick(after, positions));
    for (const term of old?.keys() ?? []) {
      if (now?.has(term) !== true) this.terms.touch(term, rid, null);
    }
    for (const [term, masks] of now ?? []) {
      const known = old?.get(term);
      if (
        known !== undefined &&
        known.mask === masks.mask &&
        known.first === masks.first &&
        known.only === masks.only
      )
        continue;
      this.terms.touch(term, rid, masks);
      if (known === undefined) this.#learn(term);
    }
  }

  /** Takes in the rows after the last one, at most `limit`; says up to which one. */
  advance(
    searched: SearchedTable,
    limit: number,
  ): { readonly builtTo: number; readonly rows: number } {
    const { builtTo } = this.state;
    const rows = readRows(this.#store, searched, builtTo, limit);
    const terms = new MemoryTerms();
    for (const { rid, cells } of rows) visitTerms(searched.columns, cells, terms.visitor(rid));
    this.terms.append(terms, builtTo === 0);
    if (this.#vocabularies.size > 0) for (const term of terms.lists.keys()) this.#learn(term);
    return { builtTo: rows.at(-1)?.rid ?? builtTo, rows: rows.length };
  }

  #learn(term: string): void {
    this.#vocabularies.get(term.slice(0, 1))?.add(term.slice(1));
  }
}

/** Cells of the searched columns; null where the table has no such slot. */
export function pick(image: RowImage, positions: readonly number[]): readonly Cell[] {
  return positions.map((at) => image[at] ?? null);
}

/** Searched cells of the rows after one, in the order of `_rid`. */
export function readRows(
  store: DeviceStore,
  searched: SearchedTable,
  after: number,
  limit: number,
): readonly { readonly rid: number; readonly cells: readonly Cell[] }[] {
  const known = store.schema.get(searched.table)?.slotIndex;
  if (known === undefined) return [];
  const slots = searched.columns.map(({ slot }) => (known.has(slot) ? quoted(slot) : 'NULL'));
  const sql = `SELECT ${['"_rid"', ...slots].join(', ')} FROM ${quoted(searched.table)} WHERE "_rid" > ? ORDER BY "_rid" LIMIT ?`;
  return store
    .all(sql, [after, limit])
    .map(([rid, ...cells]) => ({ rid: Number(rid), cells: cells as readonly Cell[] }));
}
