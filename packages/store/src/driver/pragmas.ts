export interface DatabaseOptions {
  /** Upper limit of SQLite's page cache in KiB; default 32,768. */
  readonly cacheKib?: number;
  /** Page size of a new database; default 4,096. */
  readonly pageSize?: number;
  /** `wal`: refuse to open when the storage cannot run in WAL mode, instead of falling back. */
  readonly require?: 'wal';
}

/**
 * Settings of every connection but locking and journal, which differ by storage. Foreign keys are off: a lookup may
 * point at a row that is not on the device.
 */
export function connectionPragmas(options: DatabaseOptions): string {
  return [
    'synchronous=FULL',
    `cache_size=-${wholeNumber(options.cacheKib, 32_768)}`,
    'temp_store=MEMORY',
    'recursive_triggers=ON',
    'foreign_keys=OFF',
    'trusted_schema=OFF',
    'wal_autocheckpoint=1000',
    'journal_size_limit=16777216',
  ]
    .map((pragma) => `PRAGMA ${pragma};`)
    .join('');
}

/** Must come before the first write of a new database. */
export function pageSizePragma(options: DatabaseOptions): string {
  return `PRAGMA page_size=${wholeNumber(options.pageSize, 4096)};`;
}

function wholeNumber(value: number | undefined, preset: number): number {
  return value === undefined || !Number.isInteger(value) || value < 1 ? preset : value;
}
