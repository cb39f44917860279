/** Which rows go to a device. One item per table. */
export interface OfflineProfile {
  readonly id: string;
  readonly name: string;
  readonly items: readonly OfflineProfileItem[];
}

export interface OfflineProfileItem {
  readonly table: string;
  /**
   * `related`: only rows reached through `relationships`; `all`: every readable row; `other`: rows by owner;
   * `custom`: rows that match `filter`. Relationships add rows to any of them (union).
   */
  readonly criteria: 'related' | 'all' | 'other' | 'custom';
  /** With `other`: at least one of the three. */
  readonly mine?: boolean;
  readonly myTeams?: boolean;
  readonly myBusinessUnit?: boolean;
  /** With `custom`: FetchXML of this table. */
  readonly filter?: string;
  /** Schema names; rows of the other table bring their related rows of this table along. */
  readonly relationships: readonly string[];
  /** 5 to 1440. */
  readonly intervalMinutes: number;
}
