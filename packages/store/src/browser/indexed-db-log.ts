import { pageBytes } from '../files/page-log/frame.ts';
import type { PageLogBackend } from '../files/page-log/page-log-backend.ts';

/**
 * A page log in IndexedDB: frames one by one, the base as pages. IndexedDB makes a transaction whole by itself; a strict
 * one is durable, with everything before it.
 */
export async function indexedDbLog(name: string): Promise<PageLogBackend> {
  const opening = indexedDB.open(databaseOf(name), 1);
  opening.onupgradeneeded = () => {
    opening.result.createObjectStore('frames', { autoIncrement: true });
    opening.result.createObjectStore('pages');
    opening.result.createObjectStore('facts');
  };
  const db = await answer(opening);
  const stores = ['frames', 'pages', 'facts'];
  return {
    async load() {
      const transaction = db.transaction(stores, 'readonly');
      const [keys, pages, frames, length] = await Promise.all([
        answer(transaction.objectStore('pages').getAllKeys()),
        answer<Uint8Array[]>(transaction.objectStore('pages').getAll()),
        answer<Uint8Array[]>(transaction.objectStore('frames').getAll()),
        answer<number | undefined>(transaction.objectStore('facts').get('length')),
      ]);
      const base = new Uint8Array(length ?? 0);
      pages.forEach((page, i) => {
        base.set(page, Number(keys[i]) * pageBytes);
      });
      const log = new Uint8Array(frames.reduce((total, frame) => total + frame.length, 0));
      let at = 0;
      for (const frame of frames) {
        log.set(frame, at);
        at += frame.length;
      }
      return { base, log };
    },
    append(frames, durable) {
      const transaction = db.transaction(['frames', 'facts'], 'readwrite', {
        durability: durable ? 'strict' : 'relaxed',
      });
      if (frames.length > 0) transaction.objectStore('frames').add(frames);
      // A transaction that writes nothing would sync nothing.
      else transaction.objectStore('facts').put(1, 'synced');
      return done(transaction);
    },
    checkpoint(runs, length) {
      const transaction = db.transaction(stores, 'readwrite', { durability: 'strict' });
      const pages = transaction.objectStore('pages');
      for (const { first, bytes } of runs) {
        for (let from = 0; from < bytes.length; from += pageBytes) {
          pages.put(bytes.slice(from, from + pageBytes), first + from / pageBytes);
        }
      }
      pages.delete(IDBKeyRange.lowerBound(Math.ceil(length / pageBytes)));
      transaction.objectStore('facts').put(length, 'length');
      transaction.objectStore('frames').clear();
      return done(transaction);
    },
    close: () => db.close(),
  };
}

export async function deleteIndexedDbLog(name: string): Promise<void> {
  await answer(indexedDB.deleteDatabase(databaseOf(name)));
}

function databaseOf(name: string): string {
  return `outpost:${name}`;
}

function answer<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function done(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error);
    transaction.onerror = () => reject(transaction.error);
  });
}
