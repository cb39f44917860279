/**
 * How users find rows offline: quick find, words, and words with typos over one table at a time, by an index that lies in
 * the same database as the rows and changes in the same transactions.
 *
 * ```ts
 * const index = new SearchIndex({ store, model, clock });
 * const search = createSearch({ store, queries, model, index, offlineTables });
 * const result = search.query({ table: 'account', term: 'alp' });
 * ```
 *
 * @packageDocumentation
 */
export { searchModule } from './index/index-state.ts';
export {
  SearchIndex,
  type SearchIndexOptions,
  type TableIndexStatus,
} from './index/search-index.ts';
export type { IndexDifference } from './index/verify-index.ts';
export { type Rank, ranks } from './match/rank.ts';
export type { SearchHighlight } from './result/highlight.ts';
export type {
  SearchHit,
  SearchMode,
  SearchNote,
  SearchPlan,
  SearchRefusal,
  SearchRequest,
  SearchResult,
} from './result/search-result.ts';
export { createSearch, type Search, type SearchOptions } from './search.ts';
