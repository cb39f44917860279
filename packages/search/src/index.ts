/**
 * How users find rows offline: quick find on one table at a time, with the same rows the view's own query gives, and
 * highlights in the original text.
 *
 * ```ts
 * const result = search.query({ table: 'account', term: 'alp' });
 * ```
 */
export { matchLength } from './match.ts';
export {
  createSearch,
  type Search,
  type SearchHighlight,
  type SearchHit,
  type SearchOptions,
  type SearchRequest,
  type SearchResult,
} from './search.ts';
