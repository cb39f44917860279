import type { DeviceStore, StoreSchema } from '@outpost/store';

const nothing: StoreSchema = new Map();

/** What a locked database answers: it looks empty. */
const empty: Partial<DeviceStore> = {
  schema: nothing,
  get: () => null,
  all: () => [],
  count: () => 0,
};
/** What gives no row away, and cannot change one. */
const harmless: ReadonlySet<PropertyKey> = new Set<keyof DeviceStore>([
  'epoch',
  'diagnostics',
  'commits',
  'commit',
  'schemaVersion',
  'rowsEpoch',
  'participate',
  'maintain',
  'isLoading',
  'sizeBytes',
  'stats',
  'flush',
  'checkpoint',
  'close',
]);

/**
 * The same database, as long as `locked` answers null; else it looks empty, and an attempt to change it or to get at its
 * connection throws what `locked` answers. Live views follow when something is committed.
 */
export function guardedStore(store: DeviceStore, locked: () => Error | null): DeviceStore {
  const bound = new WeakMap<object, unknown>();
  return new Proxy(store, {
    get(target, key) {
      if (!harmless.has(key)) {
        const error = locked();
        if (error !== null) {
          if (Object.hasOwn(empty, key)) return Reflect.get(empty, key);
          throw error;
        }
      }
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== 'function') return value;
      const known = bound.get(value);
      if (known !== undefined) return known;
      const method: unknown = value.bind(target);
      bound.set(value, method);
      return method;
    },
  });
}
