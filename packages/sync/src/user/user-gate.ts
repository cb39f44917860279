import type { DeviceStore } from '@outpost/store';
import { BehaviorSubject, type Observable } from 'rxjs';
import { CycleStop } from '../engine/cycle-stop.ts';
import { readFact } from '../engine/sync-state.ts';
import type { HelloResponse } from '../protocol/index.ts';
import type { SyncTransport } from '../transport.ts';
import { guardedStore } from './guarded-store.ts';
import { noticingOtherUser } from './other-user.ts';
import {
  accountKey,
  isSameId,
  isSameOwner,
  type Owner,
  ownerOf,
  readOwner,
  writeOwner,
} from './owner.ts';
import { lockError, lockFailure, lockLabel, type UserLock } from './user-lock.ts';

/**
 * Who is signed in, as the app knows it without a network: the id of the user (`systemuserid`), or how the sign-in calls
 * the account, always by the same text.
 */
export type ExpectedUser = string | { readonly account: string };

interface GateParts {
  readonly store: DeviceStore;
  /** Id of the device. */
  readonly device: string;
  readonly transport: SyncTransport;
  readonly expected: ExpectedUser | null;
  /** What the transport says of the account at open. */
  readonly account: string | null;
}

/** Decides whether who is signed in is the user of the database, and shows the database to nobody else. */
export class UserGate {
  /** The transport, of which refusals for another user's sake are noticed. */
  readonly transport: SyncTransport;
  /** The database as whoever is signed in may see it. */
  readonly store: DeviceStore;
  readonly #parts: GateParts;
  readonly #lock: BehaviorSubject<UserLock | null>;
  #closed = false;

  constructor(parts: GateParts) {
    this.#parts = parts;
    this.#lock = new BehaviorSubject(this.#lockAtOpen());
    this.transport = noticingOtherUser(parts.transport, () => this.#noticeOther());
    this.store = guardedStore(parts.store, () =>
      this.current === null ? null : lockError(this.current),
    );
  }

  /** Why nothing is shown; null: it is. */
  get lock(): Observable<UserLock | null> {
    return this.#lock.asObservable();
  }
  get current(): UserLock | null {
    return this.#lock.value;
  }

  /** Id of the user whose the database is, or is to be; null: whose who says hello. */
  get user(): string | null {
    return readOwner(this.#parts.store)?.id ?? this.#expectedId;
  }

  /** The account that is signed in; null: not known. */
  async account(): Promise<string | null> {
    const { expected, transport } = this.#parts;
    if (expected !== null && typeof expected !== 'string') return expected.account;
    return (await transport.account?.()) ?? null;
  }

  /**
   * Takes in who is signed in, before anything else of an answer that an account got. Throws `CycleStop` when it is
   * somebody else.
   */
  identify(hello: HelloResponse, account: string | null): void {
    const { store, device } = this.#parts;
    const found = ownerOf(hello);
    const owner = readOwner(store);
    const lock = lockOf(owner, found, this.#expectedId);
    if (lock !== null) {
      this.#set(lock);
      throw new CycleStop(lockFailure(lock));
    }
    const key = account === null ? null : accountKey(account, device);
    const organization = found.organization ?? owner?.organization ?? null;
    const next: Owner = { ...found, organization };
    const isKnown =
      readFact(store, 'owner') === JSON.stringify(next) &&
      (key === null || readFact(store, 'account') === key) &&
      readFact(store, 'signedOut') === null;
    if (!isKnown) {
      store.write({ origin: 'sync', durability: 'full' }, (tx) => writeOwner(tx.sql, next, key));
    }
    this.#set(null);
  }

  close(): void {
    this.#closed = true;
    this.#lock.complete();
  }

  get #expectedId(): string | null {
    const { expected } = this.#parts;
    return typeof expected === 'string' ? expected : null;
  }

  /** Whoever opens the database sees nothing of it unless they may be its user. */
  #lockAtOpen(): UserLock | null {
    const { store, device, expected, account } = this.#parts;
    const owner = readOwner(store);
    if (owner === null) return null;
    const id = this.#expectedId;
    if (id !== null) return isSameId(id, owner.id) ? null : { reason: 'otherUser', owner };
    const isAsserted = expected !== null && typeof expected !== 'string';
    const given = isAsserted ? expected.account : account;
    const known = readFact(store, 'account');
    const isKnown = given !== null && accountKey(given, device) === known;
    const isNew = given !== null && (known !== null || isAsserted);
    const mayBeOther = isNew || readFact(store, 'signedOut') !== null;
    return isKnown || !mayBeOther ? null : { reason: 'unknownUser', owner };
  }

  #noticeOther(): void {
    const owner = readOwner(this.#parts.store);
    const id = this.#expectedId;
    if (owner !== null) this.#set({ reason: 'otherUser', owner });
    else if (id !== null) this.#set({ reason: 'otherUser', owner: nameless(id) });
  }

  #set(lock: UserLock | null): void {
    if (this.#closed || (this.current?.reason ?? null) === (lock?.reason ?? null)) return;
    this.#lock.next(lock);
    // Live views look again at what there is.
    this.#parts.store.write({ origin: 'system', label: lockLabel }, (tx) =>
      tx.sql.prepare(`UPDATE "$sync" SET value = value WHERE key = 'epoch'`).run(),
    );
  }
}

function nameless(id: string): Owner {
  return { organization: null, id, name: '' };
}

/** Why whoever the organization has found may not have the database. `id`: whom the app expects. */
function lockOf(owner: Owner | null, found: Owner, id: string | null): UserLock | null {
  const own = owner ?? (id === null ? null : nameless(id));
  if (own === null || (isSameOwner(own, found) && (id === null || isSameId(id, found.id)))) {
    return null;
  }
  return { reason: isSameId(own.id, found.id) ? 'otherOrganization' : 'otherUser', owner: own };
}
