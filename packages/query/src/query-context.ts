/** What a query needs to know about the moment and the user. */
export interface QueryContext {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** IANA name. */
  readonly timeZone: string;
  readonly userId: string | null;
  readonly businessUnitId: string | null;
  readonly teamIds: readonly string[];
}
