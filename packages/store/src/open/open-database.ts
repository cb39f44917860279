import type { DatabaseOptions } from '../driver/pragmas.ts';
import type { StorageLocation } from '../files/storage-location.ts';
import type { SqlDriver } from '../sql-driver.ts';
import { loadEngine } from '../sql-js/load-engine.ts';
import { checkLog } from './check-log.ts';
import { connect } from './connect.ts';

/**
 * Opens a SQLite database where `storage` says and owns it until `close`. Rejects with `store.locked` when it has an
 * owner, `store.selfCheck` when the engine cannot run, `sql.corrupt` when the file is not a database, `store.missing` when there is only
 * its log.
 */
export async function openDatabase(
  storage: StorageLocation,
  options: DatabaseOptions = {},
): Promise<SqlDriver> {
  const opened = await storage.open();
  try {
    checkLog(opened.files, storage.name);
    if (opened.native?.preferred === true) return opened.native.open(options, opened, []);
    return connect(await loadEngine(opened.wasm), opened, storage.name, options);
  } catch (error) {
    await opened.close();
    throw error;
  }
}
