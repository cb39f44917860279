import { lockedError } from '../files/storage-location.ts';

/** Owns `name` among all pages and workers of the origin until released; the browser releases it when its holder dies. */
export function takeWebLock(name: string): Promise<() => void> {
  return new Promise((resolve, reject) => {
    navigator.locks
      .request(`outpost:${name}`, { mode: 'exclusive', ifAvailable: true }, (lock) => {
        if (lock === null) throw lockedError(name, 'another tab or worker of this browser');
        return new Promise<void>((release) => resolve(release));
      })
      .catch(reject);
  });
}
