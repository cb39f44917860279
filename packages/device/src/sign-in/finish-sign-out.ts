import type { StorageLocation } from '@outpost/store';
import { type DeviceStore, type OpenStoreOptions, openDatabase, openStore } from '@outpost/store';
import { removeUser, signOutBegun } from '@outpost/sync';

/** Opens a database, and first ends a signing out that a crash has interrupted. */
export async function openSignedOut(options: OpenStoreOptions): Promise<DeviceStore> {
  const store = await openStore(options);
  const begun = signOutBegun(store);
  if (begun === null) return store;
  await store.close();
  await finishSignOut(options.storage, begun.keeps);
  return openStore(options);
}

/** Takes everything of the user out of a closed database; `keeps`: but what they come back for. */
export async function finishSignOut(storage: StorageLocation, keeps: boolean): Promise<void> {
  const driver = await openDatabase(storage);
  try {
    removeUser(driver, keeps);
  } finally {
    await driver.close();
  }
  if (!keeps) await storage.delete();
}
