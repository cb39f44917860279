import type { QueryRow } from '@outpost/query';
import type { Rank } from '../match/rank.ts';
import type { SearchHighlight } from './highlight.ts';

/**
 * How a term is compared. `begins`: as quick find does, the whole value of a find column begins with the term and `*` is a
 * wildcard. `words`: every word begins a token of one find column, in any order. `smart`: the words may be in different
 * columns and inside tokens, and where less than `limit` rows are found, with typos.
 */
export type SearchMode = 'begins' | 'words' | 'smart';

export interface SearchRequest {
  readonly table: string;
  readonly term: string;
  /** Default `begins`. */
  readonly mode?: SearchMode;
  /** Of `words`: they may be in different columns. */
  readonly anyColumn?: boolean;
  /** Default 50; 0 counts only. */
  readonly limit?: number;
  /** Refuse, as the organization does, a term that more than 10,000 rows match before the view's other filters. */
  readonly strictServerLimit?: boolean;
  /** Relevance search is the organization's; offline it is refused. Default `categorized`. */
  readonly kind?: 'categorized' | 'relevance';
}

export interface SearchHit {
  readonly row: QueryRow;
  /** Of `begins` always `value`: quick find has no ranks. */
  readonly rank: Rank;
  /** Computed when first read. */
  readonly highlights: readonly SearchHighlight[];
}

/** What a result is not. */
export interface SearchNote {
  readonly code: 'unsearchable' | 'building' | 'noWords' | 'cut';
  readonly message: string;
  readonly column?: string;
}

export type SearchRefusal =
  | 'tableNotOffline'
  | 'severalTables'
  | 'relevance'
  | 'recordLimit'
  | 'noQuickFindView'
  | 'invalidView';

export type SearchResult =
  | {
      readonly kind: 'found';
      readonly table: string;
      readonly hits: readonly SearchHit[];
      /** Matching rows; exact up to 10,000. */
      readonly total: number | { readonly atLeast: number };
      /** More rows matched than `limit`. */
      readonly truncated: boolean;
      /** Rows are still being downloaded or taken into the index: there may be more. */
      readonly partial: boolean;
      /** Some of the hits were found with typos. */
      readonly withTypos: boolean;
      readonly commit: number;
      readonly notes: readonly SearchNote[];
    }
  | {
      readonly kind: 'refused';
      readonly table: string;
      readonly reason: SearchRefusal;
      readonly code: string;
      readonly message: string;
    };

/** How a search is answered. */
export interface SearchPlan {
  readonly table: string;
  readonly mode: SearchMode;
  readonly words: readonly string[];
  readonly columns: readonly {
    readonly column: string;
    readonly how: 'words' | 'phone' | 'number' | 'choice' | 'choices' | 'lookup' | 'unsearchable';
    readonly reason: string | null;
  }[];
  /** `query`: the view's own query, because of the reason. */
  readonly answeredBy: 'index' | 'query';
  readonly reason: string | null;
  /** Rows that the index gives, before the view's other filters; null without it. */
  readonly candidates: number | null;
  readonly index: { readonly isComplete: boolean; readonly isSound: boolean };
}
