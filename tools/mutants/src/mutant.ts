/** What became of a mutant. `timeout`: the tests ran in circles, which a person would notice too. */
export type Fate = 'killed' | 'timeout' | 'survived' | 'uncovered' | 'invalid';

/** One changed piece of a file. */
export interface Mutant {
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  /** Kind of change, in Stryker's words. */
  readonly kind: string;
  /** The piece as it is. */
  readonly from: string;
  /** What stood in its place. */
  readonly to: string;
  /** The whole line on which the piece begins, trimmed. */
  readonly source: string;
  readonly fate: Fate;
  /** Why, where there is something to say. */
  readonly note: string | null;
  /** Tests that ran through the piece. */
  readonly coveredBy: readonly string[];
}
