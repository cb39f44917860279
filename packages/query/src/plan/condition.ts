import type { Cell } from '@outpost/model';
import type { LikePattern } from '../operators/like-pattern.ts';
import type { Join } from './resolved-query.ts';
import type { Source, Term } from './term.ts';

export type Sign = '=' | '<>' | '<' | '<=' | '>' | '>=';

/**
 * What operators come down to: few kinds of tests, each with one meaning in SQL and in JavaScript. Nothing negates a
 * test from outside, so "unknown" (a null that is compared) may count as false everywhere.
 */
export type Condition =
  | { readonly kind: 'constant'; readonly value: boolean }
  | { readonly kind: 'and' | 'or'; readonly items: readonly Condition[] }
  | { readonly kind: 'isNull'; readonly term: Term; readonly negated: boolean }
  | { readonly kind: 'compare'; readonly term: Term; readonly sign: Sign; readonly value: Cell }
  | {
      readonly kind: 'oneOf';
      readonly term: Term;
      readonly values: readonly Cell[];
      readonly negated: boolean;
    }
  | {
      readonly kind: 'like';
      readonly term: Term;
      readonly pattern: LikePattern;
      readonly negated: boolean;
    }
  /** A multi-select choice has one of the options, or none of them. */
  | {
      readonly kind: 'overlaps';
      readonly term: Term;
      readonly values: readonly number[];
      readonly negated: boolean;
    }
  | { readonly kind: 'terms'; readonly left: Term; readonly sign: Sign; readonly right: Term }
  /** Number of the fiscal period that a date lies in. */
  | {
      readonly kind: 'fiscalPeriod';
      readonly term: Term;
      readonly calendar: DateCalendar;
      readonly period: number;
    }
  | {
      readonly kind: 'inHierarchy';
      readonly term: Term;
      readonly hierarchy: Hierarchy;
      readonly negated: boolean;
    }
  | {
      readonly kind: 'inUserHierarchy';
      readonly term: Term;
      readonly userId: string;
      readonly depth: number;
      readonly teams: boolean;
    }
  | { readonly kind: 'inTeamsOf'; readonly term: Term; readonly userId: string }
  | {
      readonly kind: 'exists';
      readonly source: Source;
      readonly on: readonly [from: Term, to: Term];
      readonly filter: Condition | null;
      readonly joins: readonly Join[];
      /** `all`: some linked row exists and none passes the filter. */
      readonly mode: 'any' | 'all';
      readonly negated: boolean;
    };

/** Rows below or above one row of a table that points at itself. */
export interface Hierarchy {
  readonly table: string;
  readonly primaryId: string;
  readonly parent: string;
  readonly direction: 'under' | 'above';
  readonly reference: string;
  readonly inclusive: boolean;
}

/** What dates are cut into parts by. */
export interface DateCalendar {
  /** IANA name; `UTC` also for columns that have no zone. */
  readonly timeZone: string;
  readonly weekStart: number;
  readonly fiscalStart: string;
  readonly fiscalPeriod: string;
}

export function and(items: readonly Condition[]): Condition {
  return combine('and', items);
}
export function or(items: readonly Condition[]): Condition {
  return combine('or', items);
}

function combine(kind: 'and' | 'or', items: readonly Condition[]): Condition {
  const [only, ...others] = items;
  if (only === undefined) return { kind: 'constant', value: true };
  return others.length === 0 ? only : { kind, items };
}

/** SQL names of the occurrences that a condition reads, those inside tested links included. */
export function sourcesOf(condition: Condition): ReadonlySet<string> {
  const found = new Set<string>();
  const visit = (one: Condition): void => {
    switch (one.kind) {
      case 'constant':
        return;
      case 'and':
      case 'or':
        one.items.forEach(visit);
        return;
      case 'terms':
        found.add(one.left.source.sql).add(one.right.source.sql);
        return;
      case 'exists':
        found.add(one.on[0].source.sql).add(one.on[1].source.sql);
        if (one.filter !== null) visit(one.filter);
        return;
      default:
        found.add(one.term.source.sql);
    }
  };
  visit(condition);
  return found;
}
