import { SyncError } from '../sync-error.ts';
import type { Failure } from '../transport.ts';
import type { Owner } from './owner.ts';

/**
 * Why a database shows nothing and takes no edits. `otherUser`: somebody else is signed in than it belongs to.
 * `unknownUser`: it was signed out, or the account is not the one that it knows; only the organization can tell whose it
 * is, at the next cycle. `otherOrganization`: the user is known, in another organization.
 */
export interface UserLock {
  readonly reason: 'otherUser' | 'unknownUser' | 'otherOrganization';
  readonly owner: Owner;
}

/** Label of the commit with which everybody looks again at what the database shows. */
export const lockLabel = 'lock';

const causes: Readonly<Record<UserLock['reason'], (name: string) => string>> = {
  otherUser: (name) =>
    `The database on this device belongs to ${name}, and somebody else is signed in.`,
  unknownUser: (name) =>
    `The database on this device belongs to ${name}, and it is not known yet who is signed in.`,
  otherOrganization: (name) =>
    `The database on this device belongs to ${name} in another organization.`,
};

/** What has happened, and what to do. */
export function lockText({ reason, owner }: UserLock): {
  readonly cause: string;
  readonly fix: string;
} {
  const name = owner.name === '' ? 'another user' : owner.name;
  const own = 'or use a database of your own (see `databaseName`).';
  const fix =
    reason === 'unknownUser'
      ? `Synchronize, so that the organization says who it is, or sign in as ${name}, ${own}`
      : `Sign in as ${name}, sign ${name} out here, ${own}`;
  return { cause: causes[reason](name), fix };
}

export function lockError(lock: UserLock): SyncError {
  const { cause, fix } = lockText(lock);
  return new SyncError('device.otherUser', cause, fix);
}

/** The same as the failure of a cycle or a download. */
export function lockFailure(lock: UserLock): Failure {
  const { cause, fix } = lockText(lock);
  return {
    class: 'auth',
    status: null,
    code: 'device.otherUser',
    message: `${cause} ${fix}`,
    retryAfterMs: null,
  };
}
