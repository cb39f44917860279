import { versionColumn } from '../storage/slots.ts';
import type { Table } from '../table.ts';

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
  /** Columns on the device; absent: all. Those of `mandatoryColumns` are always among them. */
  readonly columns?: readonly string[];
  /** Only rows changed within so many days; absent: whatever their age. */
  readonly days?: number;
  /** A small table that changes rarely, such as country codes. */
  readonly masterData?: boolean;
  /** 5 to 1440. */
  readonly intervalMinutes: number;
}

/** Columns a device cannot do without. */
export function mandatoryColumns(table: Table): readonly string[] {
  const names = [
    table.primaryId,
    table.primaryName,
    'statecode',
    'statuscode',
    'createdon',
    'modifiedon',
    'ownerid',
    'owningbusinessunit',
    versionColumn.name,
  ];
  const own = new Set([...table.columns.map((column) => column.name), versionColumn.name]);
  return names.filter((name): name is string => name !== null && own.has(name));
}

/** Days a maker gets when adding a table (Dataverse: `DaysSinceRecordLastModified`). */
export const defaultDays = 10;

/** What a maker starts from when adding a table to a profile. */
export function newProfileItem(table: Table): OfflineProfileItem {
  const owned = table.ownership === 'user';
  return {
    table: table.name,
    ...(owned ? { criteria: 'other', mine: true } : { criteria: 'all' }),
    relationships: [],
    days: defaultDays,
    intervalMinutes: 10,
  };
}
