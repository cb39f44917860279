import type { TermSource } from '../postings/term-source.ts';
import type { WordNamespace } from '../terms/row-terms.ts';
import type { SearchedTable } from '../terms/searched-table.ts';
import type { Vocabulary } from '../vocabulary/vocabulary.ts';

/** Terms of some rows of a table, with the words they consist of. */
export interface SearchSource {
  readonly terms: TermSource;
  /** Words of texts, and of stored names of lookups. */
  vocabularyOf(namespace: WordNamespace): Vocabulary;
}

/** Everything that is indexed of a table at this commit. */
export interface SearchSources {
  readonly searched: SearchedTable;
  readonly sources: readonly SearchSource[];
  /** Every row that is on the device is there as it is. */
  readonly isSound: boolean;
  /** Not so, or rows are still on their way to the device. */
  readonly isPartial: boolean;
}
