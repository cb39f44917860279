import type { Slot } from '@outpost/model';
import type { Dialect, Sql } from '@outpost/query';
import type { ChangeClock } from './change-clock.ts';
import type { ReadTx, WriteTx } from './server-store.ts';

/** A part of the change log. */
export interface LogRange {
  readonly table: string;
  /** Only under these owners, or business units; null: all of the table. */
  readonly by: { readonly column: 'owner' | 'bu'; readonly values: readonly string[] } | null;
  /** After this position. */
  readonly from: number;
  /** Up to this position. */
  readonly to: number;
  /** At most so many; null: all. */
  readonly limit: number | null;
}

/** What database engines say differently. */
export interface StoreEngine {
  /** Of queries. */
  readonly dialect: Dialect;
  readonly clock: ChangeClock;
  /** Whether other processes may write at the same time. */
  readonly isShared: boolean;
  readonly types: Readonly<Record<Slot['sqlType'], string>>;
  /** Whether folded copies of texts are stored beside them, as `foldedName` names them. */
  readonly storesFolded: boolean;
  /** Bytes of the longest name of a table or column. */
  readonly maxNameBytes: number;
  /** Type of a primary key that the database numbers. */
  readonly numberedKey: string;
  /** Ends the definition of a table that is kept in the order of its primary key. */
  readonly keyOrdered: string;
  /**
   * Position and key of what is logged of a table between two positions, in order, along the index that `by` names: a
   * planner that does not know the newest positions yet would rather read everybody's changes.
   */
  logged(range: LogRange): Sql;
  /** Whether a JSON array of texts holds a parameter. */
  jsonHolds(column: string): string;
  /** Names of a table's columns; empty: there is no such table. */
  columnsOf(tx: ReadTx, table: string): Promise<ReadonlySet<string>>;
  /** The same, with what they hold. */
  typesOf(tx: ReadTx, table: string): Promise<ReadonlyMap<string, Slot['sqlType']>>;
  /** Lets a column of whole numbers hold others too. */
  widen(tx: WriteTx, table: string, column: string): Promise<void>;
  /** Begins a change of the schema: one process at a time. */
  lockSchema(tx: WriteTx): Promise<void>;
  /** System objects that only this engine needs. */
  readonly systemSql: readonly string[];
  /** The next row version: above that of every row that this transaction may change. */
  nextVersion(tx: WriteTx): Promise<number>;
  /** Row versions go on above those of writes that may have been lost. */
  leapVersions(tx: WriteTx, by: number): Promise<void>;
}
