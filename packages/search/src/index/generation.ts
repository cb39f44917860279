import type { Cell } from '@outpost/model';
import { type DeviceStore, quoted, type RowImage } from '@outpost/store';
import { MemoryTerms } from '../postings/memory-terms.ts';
import { type TermChange, TermTable } from '../postings/term-table.ts';
import { rowTerms, type TermMasks, visitTerms, type WordNamespace } from '../terms/row-terms.ts';
import type { SearchedTable } from '../terms/searched-table.ts';
import { Vocabulary } from '../vocabulary/vocabulary.ts';
import { complete, type GenerationState } from './index-state.ts';

/** One index of a table at work. Its state is that of the last commit. */
export class Generation {
  state: GenerationState;
  readonly terms: TermTable;
  readonly #store: DeviceStore;
  readonly #vocabularies = new Map<string, Vocabulary>();
  /** Changes of the running transaction by term. */
  #changes = new Map<string, TermChange[]>();

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

  /** Brings the terms of some columns of a row from one image to another; null: the row is not there. */
  change(
    searched: SearchedTable,
    at: ColumnPlaces,
    rid: number,
    before: RowImage | null,
    after: RowImage | null,
  ): void {
    const columns = at
      .map((place) => searched.columns[place.column])
      .filter((one) => one !== undefined);
    const positions = at.map((place) => place.position);
    const bits = columns.reduce((mask, one) => mask | (1 << one.bit), 0);
    const old = before === null ? noTerms : rowTerms(columns, pick(before, positions));
    const now = after === null ? noTerms : rowTerms(columns, pick(after, positions));
    for (const term of old.keys()) if (!now.has(term)) this.#note(term, rid, bits, noMasks);
    for (const [term, masks] of now) {
      const known = old.get(term);
      if (
        known !== undefined &&
        known.mask === masks.mask &&
        known.first === masks.first &&
        known.only === masks.only
      )
        continue;
      this.#note(term, rid, bits, masks);
      if (known === undefined) this.#learn(term);
    }
  }

  /** Forgets changes of a transaction that was rolled back. */
  begin(): void {
    if (this.#changes.size > 0) this.#changes = new Map();
  }

  /** Writes the changes of the running transaction. */
  flush(): void {
    if (this.#changes.size === 0) return;
    this.terms.apply(this.#changes);
    this.#changes = new Map();
  }

  #note(term: string, rid: number, columns: number, masks: TermMasks): void {
    const known = this.#changes.get(term);
    if (known === undefined) this.#changes.set(term, [{ rid, columns, masks }]);
    else known.push({ rid, columns, masks });
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

/** Searched columns, by their place among the table's, with the place of their cell in row images. */
export type ColumnPlaces = readonly { readonly column: number; readonly position: number }[];

const noMasks: TermMasks = { mask: 0, first: 0, only: 0 };
const noTerms: ReadonlyMap<string, TermMasks> = new Map();

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
