import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type { DeviceStore, SqlDriver } from '@outpost/store';
import { forgetFact, readFact, readHello, writeFact } from '../engine/sync-state.ts';
import type { HelloResponse } from '../protocol/index.ts';

/** Whom the database of a device belongs to. */
export interface Owner {
  /** Id of the organization; null: it did not say. */
  readonly organization: string | null;
  /** Id of the user (`systemuserid`). */
  readonly id: string;
  readonly name: string;
}

export function ownerOf({ organization, user }: HelloResponse): Owner {
  return { organization: organization ?? null, id: user.id, name: user.name };
}

/** Null: nobody has synchronized it yet. A database of an earlier version belongs to whom it last said hello for. */
export function readOwner(store: DeviceStore): Owner | null {
  const json = readFact(store, 'owner');
  if (json !== null) return JSON.parse(json) as Owner;
  const hello = readHello(store);
  return hello === null ? null : ownerOf(hello);
}

/** From now on the database is this user's, who was let in with an account (null: not known). */
export function writeOwner(sql: SqlDriver, owner: Owner, account: string | null): void {
  writeFact(sql, 'owner', JSON.stringify(owner));
  if (account !== null) writeFact(sql, 'account', account);
  forgetFact(sql, 'signedOut');
}

export function isSameId(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

/** Whether an organization that does not say which it is may be the owner's. */
export function isSameOwner(owner: Owner, found: Owner): boolean {
  const [one, other] = [owner.organization, found.organization];
  const sameOrganization = one === null || other === null || isSameId(one, other);
  return sameOrganization && isSameId(owner.id, found.id);
}

/** An account as the database keeps it: it is recognized, and cannot be read. */
export function accountKey(account: string, device: string): string {
  return bytesToHex(sha256(utf8ToBytes(`${device} ${account}`)));
}
