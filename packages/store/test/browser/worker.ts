/** Runs in a dedicated worker of a real browser; the address says what: the contract, or commits until it is killed. */
import { indexedDbStorage, opfsStorage } from '../../src/browser/index.ts';
import { driverContract } from '../../src/contract/index.ts';
import { openDatabase, type StorageLocation } from '../../src/index.ts';

const params = new URL(location.href).searchParams;
const kind = params.get('storage') ?? 'opfs';
const options = { wasmUrl: '/sql.wasm' };
const storageOf = (name: string): StorageLocation =>
  kind === 'opfs' ? opfsStorage(name, options) : indexedDbStorage(name, options);

/** Waits for the answer, so that the test has heard it before anything else happens here. */
function say(line: Readonly<Record<string, unknown>>): void {
  const request = new XMLHttpRequest();
  request.open('POST', '/report', false);
  request.send(JSON.stringify({ kind, ...line }));
}

async function contract(): Promise<void> {
  for (const [i, { name, run }] of driverContract.entries()) {
    const storage = storageOf(`${kind}-${i}`);
    const problem = await run({ open: () => openDatabase(storage) }).then(
      () => null,
      (error: unknown) => String(error),
    );
    say({ said: 'case', name, problem });
  }
}

/** Whether a database can be deleted while it is open, and what is left of it when it is closed. */
async function deletion(): Promise<void> {
  const storage = storageOf('deleted');
  const db = await openDatabase(storage);
  db.exec('CREATE TABLE t (a)');
  await db.durable;
  const refused = await storage.delete().then(
    () => null,
    (error: unknown) => String((error as { readonly code?: unknown }).code),
  );
  await db.close();
  await storage.delete();
  await storage.delete();
  const again = await openDatabase(storage);
  const left = again.prepare('SELECT name FROM sqlite_schema').all().length;
  await again.close();
  say({ said: 'deleted', problem: refused, id: left });
}

async function commit(): Promise<void> {
  // A worker that was terminated a moment ago may still own the database: wait for its end.
  await navigator.locks.request('outpost:kill', () => {});
  const db = await openDatabase(storageOf('kill'));
  db.exec('PRAGMA wal_autocheckpoint=50');
  db.transaction(() => {
    db.exec('CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY, a TEXT, b TEXT)');
    db.exec('CREATE TABLE IF NOT EXISTS s (k INTEGER PRIMARY KEY, n INTEGER)');
    db.exec('INSERT OR IGNORE INTO s VALUES (1, 0)');
  });
  const number = (sql: string): number => Number(db.prepare(sql).get()?.[0]);
  let id = number('SELECT coalesce(max(id), 0) FROM t');
  say({
    said: 'start',
    id,
    durability: db.caps.durability,
    findings: db.integrity('full'),
    whole: number('SELECT n FROM s') === number('SELECT count(*) FROM t'),
  });
  for (;;) {
    const rows = 1 + (id % 7);
    db.transaction(() => {
      for (let i = 0; i < rows; i++) {
        id += 1;
        db.prepare('INSERT INTO t VALUES (?, ?, ?)').run([
          id,
          `v${id}`,
          'x'.repeat((id * 37) % 3000),
        ]);
      }
      db.prepare('UPDATE s SET n = n + ?').run([rows]);
    });
    await db.durable;
    say({ said: 'ack', id });
  }
}

const works = { commit, contract, deletion } as const;
const work = params.get('work');
works[work === 'commit' || work === 'deletion' ? work : 'contract']().then(
  () => say({ said: 'end' }),
  (error: unknown) => {
    // A worker that is being terminated can no longer speak.
    if ((error as Error).name !== 'NetworkError') say({ said: 'failed', problem: String(error) });
  },
);
