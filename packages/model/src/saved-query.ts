/** A system view. Personal views (`userquery`) are not part of an app and never available offline. */
export interface SavedQuery {
  readonly id: string;
  readonly name: string;
  readonly table: string;
  /** Dataverse `querytype`: 0 public, 1 advanced find, 2 associated, 4 quick find, 64 lookup; others load too. */
  readonly queryType: number;
  readonly isDefault: boolean;
  readonly fetchXml: string;
  readonly layout: readonly LayoutColumn[];
}

export interface LayoutColumn {
  /** Column, or `alias.column` of a link. */
  readonly name: string;
  /** Pixels. */
  readonly width: number;
}

export const queryTypes = {
  public: 0,
  advancedFind: 1,
  associated: 2,
  quickFind: 4,
  lookup: 64,
} as const;
