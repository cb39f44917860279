import type { Column } from '@outpost/model';
import type { AggregateFunction, DateGrouping } from '../fetch-xml/ast.ts';
import type { Condition, DateCalendar } from './condition.ts';
import type { Source, Term } from './term.ts';

/** A link that adds columns or repeats rows. */
export interface Join {
  readonly source: Source;
  /** `first`: at most one row, the first by primary key that passes the filter. */
  readonly type: 'inner' | 'outer' | 'first';
  readonly on: readonly [from: Term, to: Term];
  /** Part of the join's condition. */
  readonly filter: Condition | null;
  /** Of `first`: the occurrence that the filter is about. */
  readonly candidate: Source | null;
  /** At most one row of the linked table can match. */
  readonly unique: boolean;
}

/** One value of a result row. */
export interface Output {
  readonly key: string;
  readonly source: Source;
  /** What the value is, for typing and formatting: the column, or one made up for computed values. */
  readonly column: Column;
  readonly value:
    | { readonly kind: 'column' }
    /** Text of a lookup's target or of a label. */
    | { readonly kind: 'text'; readonly term: Term }
    | { readonly kind: 'children'; readonly parent: string }
    | { readonly kind: 'group'; readonly term: Term }
    | {
        readonly kind: 'datePart';
        readonly part: DateGrouping;
        readonly calendar: DateCalendar;
        readonly slot: string;
      }
    | {
        readonly kind: 'aggregate';
        readonly fn: AggregateFunction;
        readonly distinct: boolean;
        readonly term: Term;
      };
}

export interface Order {
  readonly term: Term;
  readonly descending: boolean;
  /** The column it orders by, for cookies. */
  readonly column: Column;
}

/** An order of an aggregate query: by one of its values. */
export interface OutputOrder {
  readonly output: Output;
  readonly descending: boolean;
}

/** A relative date of the query: when it means something else. */
export interface TimeDependency {
  readonly operator: string;
  readonly amount: number;
}

/** A query bound to a model: every name is known, every operand typed. */
export interface ResolvedQuery {
  readonly root: Source;
  readonly joins: readonly Join[];
  readonly where: Condition | null;
  readonly outputs: readonly Output[];
  readonly orders: readonly Order[];
  readonly outputOrders: readonly OutputOrder[];
  readonly distinct: boolean;
  readonly aggregate: boolean;
  readonly times: readonly TimeDependency[];
  /** Columns by table that the result depends on. */
  readonly columns: ReadonlyMap<string, ReadonlySet<string>>;
  /** Tables that only give names of lookups, and may be missing. */
  readonly nameTables: ReadonlySet<string>;
  /** Tables that must be there. */
  readonly tables: ReadonlySet<string>;
}
