import type { ReadTx, WriteTx } from './server-store.ts';

/** Facts of the organization. */
export interface OrganizationState {
  /** Identifies the change feed. */
  feed: string;
  /** Id of the organization: that of its first feed. */
  organization: string;
  conflictPolicy: string;
  /** Hierarchy settings as JSON; absent: off. */
  hierarchy: string;
  /** The log is kept above this position; a token at or below it has expired. */
  logFloor: string;
  /** The published definitions as JSON, and their hash: all processes follow them. */
  model: string;
  modelHash: string;
  /** Alternate keys that are noted: their columns and types as JSON, and those that could not be built. */
  keys: string;
  failedKeys: string;
  /** Kind of the clock that the feed's positions come from. */
  clock: string;
  /** Set once the initial rows are loaded. */
  loaded: string;
}

export async function readState(tx: ReadTx, key: keyof OrganizationState): Promise<string | null> {
  const row = (await tx.all('SELECT value FROM "$state" WHERE key = ?', [key]))[0];
  return row === undefined ? null : String(row[0]);
}

export async function writeState(
  tx: WriteTx,
  key: keyof OrganizationState,
  value: string,
): Promise<void> {
  await tx.run(
    'INSERT INTO "$state" (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
    [key, value],
  );
}
