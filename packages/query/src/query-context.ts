/** How the organization's fiscal year runs. */
export interface FiscalSettings {
  /** First day of the fiscal year, `MM-DD`. */
  readonly start: string;
  readonly period: 'annually' | 'semiannually' | 'quarterly' | 'monthly' | 'fourweekly';
  /** Which calendar year names a fiscal year: the one it starts in (default) or the one it ends in. */
  readonly yearName?: 'start' | 'end';
}

/** What a query needs to know about the moment and the user. */
export interface QueryContext {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** IANA name. */
  readonly timeZone: string;
  readonly userId: string | null;
  readonly businessUnitId: string | null;
  /** Teams of the user; absent: read from `teammembership`. */
  readonly teamIds?: readonly string[];
  /** LCID of the user's language; default 1033. */
  readonly language?: number;
  /** Levels of reports that the user hierarchy reaches down to; default 3. */
  readonly hierarchyDepth?: number;
  /** Default: calendar quarters. */
  readonly fiscal?: FiscalSettings;
  /** First day of the week, 0 is Sunday (default). */
  readonly weekStart?: number;
  /** Whether negative conditions match empty columns: as Dataverse does (default), or as SQL does. */
  readonly nullInNegation?: 'dataverse' | 'sql';
}
