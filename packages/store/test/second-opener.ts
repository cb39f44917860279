/** Opens a database in a folder, writes a row, and says how that ended. Arguments: folder, name. */
import { writeSync } from 'node:fs';
import { openDatabase, StoreError } from '../src/index.ts';
import { fileStorage } from '../src/node/index.ts';

const [folder = '', name = ''] = process.argv.slice(2);
try {
  const db = await openDatabase(fileStorage(folder, name));
  db.exec(`INSERT INTO t VALUES (1000, 'second')`);
  await db.close();
  writeSync(1, 'opened');
} catch (error) {
  writeSync(1, error instanceof StoreError ? error.code : String(error));
}
