import { seededRandom } from '@outpost/testkit';
import { lengthOf } from '@outpost/vitest/length';
import { expect, test } from 'vitest';
import { FaultFiles, type LossStyle, lossStyles, powerLoss } from '../src/contract/index.ts';
import {
  type Durability,
  deleteDatabase,
  MemoryFiles,
  openDatabase,
  pageLogStorage,
  type SqlDriver,
  type StorageLocation,
} from '../src/index.ts';
import { memoryStorage } from '../src/node/index.ts';
import { withoutWal } from './locations.ts';

/** Power cuts per persistence; `OUTPOST_ROUNDS` asks for more. */
const points = lengthOf('OUTPOST_ROUNDS', { short: 20, long: 200 });
const seed = 20_260;

function locationOf(files: FaultFiles | MemoryFiles): StorageLocation {
  const memory = memoryStorage();
  return {
    name: 'c.db',
    open: async () => ({ ...(await memory.open()), files }),
    delete: async () => deleteDatabase(files, 'c.db'),
  };
}

type Persistence = (location: StorageLocation) => StorageLocation;
const persistences: readonly (readonly [string, Persistence])[] = [
  ['a write-ahead log', (location) => location],
  ['a rollback journal', (location) => withoutWal(location)],
  ['a page log', (location) => pageLogStorage(location, { checkpointBytes: 300_000 })],
];

/** Transactions that insert rows and count them in a second table; `mark` follows each acknowledged commit. */
async function script(files: FaultFiles, persist: Persistence, durability: Durability) {
  const random = seededRandom(seed);
  const db = await openDatabase(persist(locationOf(files)), { cacheKib: 120 });
  db.exec('PRAGMA wal_autocheckpoint=40');
  db.transaction(() => {
    db.exec('CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT); CREATE INDEX ta ON t (a)');
    db.exec(
      'CREATE TABLE s (k INTEGER PRIMARY KEY, n INTEGER, last INTEGER); INSERT INTO s VALUES (1, 0, 0)',
    );
  });
  files.mark(0);
  let id = 0;
  for (let i = 0; i < 120; i++) {
    const rows = 1 + (i % 17) * (i % 29 === 0 ? 20 : 1);
    const abandoned = i % 11 === 5;
    const before = id;
    try {
      db.transaction(() => {
        for (let j = 0; j < rows; j++) {
          id += 1;
          const cells = [id, `v${Math.floor(random.next() * 1e6)}`, 'x'.repeat((id * 37) % 3000)];
          db.prepare('INSERT INTO t VALUES (?, ?, ?)').run(cells);
        }
        if (i % 13 === 7) {
          db.exec('DELETE FROM t WHERE id IN (SELECT id FROM t ORDER BY a LIMIT 5)');
        }
        db.exec(`UPDATE s SET n = (SELECT count(*) FROM t), last = ${id}`);
        if (abandoned) throw new Error('abandoned');
      }, durability);
      files.mark(id);
    } catch (error) {
      if (!abandoned) throw error;
      id = before;
    }
    if (durability === 'normal' && i % 30 === 29) {
      await db.flush();
      // Everything before a flush counts as acknowledged.
      files.mark(-id);
    }
  }
  files.recording = false;
  await db.close();
}

function check(db: SqlDriver): { readonly findings: readonly string[]; readonly last: number } {
  const findings = [...db.integrity('full')];
  if (db.prepare(`SELECT 1 FROM sqlite_schema WHERE name = 's'`).get() === undefined) {
    return { findings, last: -1 };
  }
  const [n, last] = db.prepare('SELECT n, last FROM s').get() ?? [];
  const [count] = db.prepare('SELECT count(*) FROM t').get() ?? [];
  if (n !== count)
    findings.push(`half a transaction: ${String(n)} counted, ${String(count)} there`);
  return { findings, last: Number(last) };
}

const cases = persistences.flatMap(([name, persist]) =>
  (['full', 'normal'] as const).map((durability) => ({ name, persist, durability })),
);

test.each(cases)(
  'S-1, S-2, S-3: power loss on $name, commits $durability',
  async ({ name, persist, durability }) => {
    const files = new FaultFiles(new MemoryFiles());
    await script(files, persist, durability);
    const { log } = files;
    const first = log.findIndex((one) => one.kind === 'mark');
    const random = seededRandom(seed + 1);
    const problems: string[] = [];
    let lostCommits = 0;
    for (let point = 0; point < points; point++) {
      const cut = first + 1 + Math.floor(random.next() * (log.length - first - 1));
      const style = lossStyles[point % lossStyles.length] as LossStyle;
      const marks = log.slice(0, cut).flatMap((one) => (one.kind === 'mark' ? [one.value] : []));
      const acknowledged =
        durability === 'full'
          ? Math.max(...marks)
          : Math.max(0, ...marks.filter((one) => one < 0).map((one) => -one));
      const states = new Set(marks.map(Math.abs));
      const left = powerLoss(log, cut, style, random);
      const db = await openDatabase(persist(locationOf(left)), { cacheKib: 120 });
      const { findings, last } = check(db);
      await db.close();
      const at = `point ${point}, cut ${cut}, ${style}`;
      if (findings.length > 0) problems.push(`${at}: ${findings.join('; ')}`);
      if (last < acknowledged) problems.push(`${at}: ${acknowledged} acknowledged, ${last} there`);
      // The commit under way may have arrived without having been acknowledged.
      const next = log.slice(cut).find((one) => one.kind === 'mark' && one.value > 0);
      const inFlight = next?.kind === 'mark' ? next.value : -2;
      if (!states.has(last) && last !== inFlight) problems.push(`${at}: state ${last} never was`);
      if (last < Math.max(...marks)) lostCommits += 1;
    }
    expect(problems).toEqual([]);
    // With `normal` the simulator must be able to take commits away, or it proves nothing.
    expect(lostCommits > 0).toBe(durability === 'normal' && name !== 'a rollback journal');
  },
  120_000,
);

test('the simulator finds a store that does not sync', async () => {
  const files = new FaultFiles(new MemoryFiles());
  const lying: StorageLocation = {
    name: 'c.db',
    delete: async () => deleteDatabase(files, 'c.db'),
    async open() {
      const opened = await locationOf(files).open();
      return {
        ...opened,
        files: {
          open(name, create) {
            const file = files.open(name, create);
            return file === null ? null : { ...file, sync() {} };
          },
          exists: (name) => files.exists(name),
          delete: (name) => files.delete(name),
        },
      };
    },
  };
  await script(files, () => lying, 'full');
  const cut = files.log.length;
  const left = powerLoss(files.log, cut, 'dropAll', seededRandom(seed));
  const db = await openDatabase(locationOf(left));
  expect(check(db).last).toBe(-1);
  await db.close();
});
