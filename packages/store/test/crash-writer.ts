/** Commits rows until it is killed; says the newest id only after its commit returned. Arguments: persistence, folder. */
import { writeSync } from 'node:fs';
import { openDatabase, pageLogStorage, type StorageLocation } from '../src/index.ts';
import { fileStorage } from '../src/node/index.ts';

const [persistence = '', folder = ''] = process.argv.slice(2);
const files = fileStorage(
  folder,
  'c',
  persistence === 'node:sqlite' ? { driver: 'node:sqlite' } : {},
);
const storage: StorageLocation =
  persistence === 'page log' ? pageLogStorage(files, { checkpointBytes: 400_000 }) : files;
const say = (line: string): void => void writeSync(1, `${line}\n`);

const db = await openDatabase(storage, { cacheKib: 200 });
const findings = db.integrity('full');
if (findings.length > 0) say(`BAD ${findings.join('; ')}`);
db.exec('PRAGMA wal_autocheckpoint=50');
db.transaction(() => {
  db.exec('CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY, a TEXT, b TEXT)');
  db.exec('CREATE INDEX IF NOT EXISTS ta ON t (a)');
  db.exec('CREATE TABLE IF NOT EXISTS s (k INTEGER PRIMARY KEY, n INTEGER)');
  db.exec('INSERT OR IGNORE INTO s VALUES (1, 0)');
});
const number = (sql: string): number => Number(db.prepare(sql).get()?.[0]);
if (number('SELECT n FROM s') !== number('SELECT count(*) FROM t')) say('BAD half a transaction');
let id = number('SELECT coalesce(max(id), 0) FROM t');
say(`START ${id}`);
for (;;) {
  const rows = 1 + (id % 7);
  db.transaction(() => {
    for (let i = 0; i < rows; i++) {
      id += 1;
      db.prepare('INSERT INTO t VALUES (?, ?, ?)').run([
        id,
        `v${(id * 7919) % 1000}`,
        'x'.repeat((id * 37) % 3000),
      ]);
    }
    db.prepare('UPDATE s SET n = n + ?').run([rows]);
  });
  say(`ACK ${id}`);
}
