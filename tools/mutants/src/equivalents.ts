/** A mutant that no test can kill, because nothing that anybody could see differs. */
export interface Equivalent {
  readonly file: string;
  /** The line on which the changed piece begins, trimmed. */
  readonly source: string;
  readonly from: string;
  readonly to: string;
  /** Which one, counted from 1, where the file has several such lines. */
  readonly nth?: number;
  readonly why: string;
}

export const equivalents: readonly Equivalent[] = [];
