import type { DeviceStore } from '@outpost/store';
import type { SearchSource, SearchSources } from '../match/search-source.ts';
import { MemoryTerms } from '../postings/memory-terms.ts';
import { RemappedTerms } from '../postings/remapped-terms.ts';
import { visitTerms } from '../terms/row-terms.ts';
import { columnsOfFingerprint, type SearchedTable } from '../terms/searched-table.ts';
import { Vocabulary } from '../vocabulary/vocabulary.ts';
import { readRows } from './generation.ts';
import type { SearchIndex, ServingIndex } from './search-index.ts';

/** Rows that are not in the index yet are searched in memory, up to so many. */
const maxTail = 5000;

/** What can be searched of each table at this commit: its index, and the rows that are not in it yet. */
export class SourceReader {
  readonly #store: DeviceStore;
  readonly #index: SearchIndex;
  readonly #tails = new Map<
    string,
    { readonly commit: number; readonly tail: SearchSource | null }
  >();

  constructor(store: DeviceStore, index: SearchIndex) {
    this.#store = store;
    this.#index = index;
  }

  read(table: string): SearchSources | null {
    const serving = this.#index.serving(table);
    if (serving === null) return null;
    const { searched, generation, isStale } = serving;
    const built = sourceOf(serving);
    const isLoading = this.#store.isLoading(table);
    if (generation.isComplete) {
      return { searched, sources: [built], isSound: !isStale, isPartial: isStale || isLoading };
    }
    const tail = this.#tail(searched, generation.state.builtTo);
    const sources = tail === null ? [built] : [built, tail];
    const isSound = !isStale && tail !== null;
    return { searched, sources, isSound, isPartial: !isSound || isLoading };
  }

  /** The rows after the index; null: there are too many. */
  #tail(searched: SearchedTable, builtTo: number): SearchSource | null {
    const known = this.#tails.get(searched.table);
    const { commit } = this.#store;
    if (known?.commit === commit) return known.tail;
    const rows = readRows(this.#store, searched, builtTo, maxTail + 1);
    let tail: SearchSource | null = null;
    if (rows.length <= maxTail) {
      const terms = new MemoryTerms();
      for (const { rid, cells } of rows) visitTerms(searched.columns, cells, terms.visitor(rid));
      tail = inMemory(terms);
    }
    this.#tails.set(searched.table, { commit, tail });
    return tail;
  }
}

/** Terms in memory as a source. */
export function inMemory(terms: MemoryTerms): SearchSource {
  const known = new Map<string, Vocabulary>();
  return {
    terms,
    vocabularyOf(namespace) {
      const vocabulary = known.get(namespace) ?? new Vocabulary(terms.terms(namespace));
      known.set(namespace, vocabulary);
      return vocabulary;
    },
  };
}

function sourceOf({ generation, searched, fingerprint }: ServingIndex): SearchSource {
  if (fingerprint === searched.fingerprint) return generation;
  const names = columnsOfFingerprint(fingerprint);
  const bits = names.map(
    (name) => searched.columns.find((one) => one.column.name === name)?.bit ?? -1,
  );
  return {
    terms: new RemappedTerms(generation.terms, bits),
    vocabularyOf: (namespace) => generation.vocabularyOf(namespace),
  };
}
