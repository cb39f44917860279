import type { Device } from '@outpost/device';
import type { Ledger } from './ledger.ts';
import type { Place } from './places.ts';

/** What actions share. */
export interface ActionContext {
  readonly places: readonly Place[];
  readonly ledger: Ledger;
  /** Users who have devices. */
  readonly users: readonly string[];
  /** The next number that no other edit is made from. */
  next(): number;
  /** Commits of the organization so far. */
  commits(): number;
  /** A colleague writes a text of their own into a row of the organization. */
  colleague(table: string, id: string, column: string): Promise<void>;
}

export function pick<Item>(list: readonly Item[], at: number): Item | undefined {
  return list[Math.floor(at * list.length)];
}

export function isReady(client: Device): boolean {
  if (client.sync.currentLock !== null) return false;
  return client.sync.hello !== null && client.sync.currentStatus.readiness === 'available';
}
