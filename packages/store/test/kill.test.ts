import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { seededRandom } from '@outpost/testkit';
import { lengthOf } from '@outpost/vitest/length';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from './locations.ts';

/** Kills per persistence; `OUTPOST_ROUNDS` asks for more. */
const rounds = lengthOf('OUTPOST_ROUNDS', { short: 1, long: 15 });
const writer = fileURLToPath(new URL('./crash-writer.ts', import.meta.url));
const random = seededRandom(7);

interface Killed {
  readonly said: string;
  /** What ended it: a writer that ends by itself has failed. */
  readonly signal: NodeJS.Signals | null;
}

/** Runs the writer until it has acknowledged so many commits, wherever it is by then, and gives what it said. */
function killed(persistence: string, folder: string, afterCommits: number): Promise<Killed> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [writer, persistence, folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let said = '';
    child.stdout.on('data', (part: Buffer) => {
      said += part.toString();
      if (said.split('\nACK ').length > afterCommits) child.kill('SIGKILL');
    });
    child.on('close', (_, signal) => resolve({ said, signal }));
  });
}

test.each(['write-ahead log', 'page log', 'node:sqlite'])(
  'S-1, S-2: a process killed at any moment has lost no acknowledged commit (%s)',
  async (persistence) => {
    const folder = temporaryFolder();
    let acknowledged = 0;
    let commits = 0;
    for (let round = 0; round < rounds; round++) {
      const wanted = 1 + Math.floor(random.next() * 60);
      const { said, signal } = await killed(persistence, folder, wanted);
      const start = Number(/START (\d+)/.exec(said)?.[1] ?? -1);
      expect(said, `round ${round}`).not.toContain('BAD');
      expect(signal, `round ${round}: ${said}`).toBe('SIGKILL');
      expect(start, `round ${round}`).toBeGreaterThanOrEqual(acknowledged);
      // The last line may be cut in the middle of its number.
      const lines = said.slice(0, said.lastIndexOf('\n')).split('\n');
      const acks = lines.filter((line) => line.startsWith('ACK'));
      commits += acks.length;
      acknowledged = Math.max(start, Number(acks.at(-1)?.slice(4) ?? 0));
    }
    expect(commits).toBeGreaterThanOrEqual(rounds);
  },
  60_000 + rounds * 3000,
);

describe('what a kill left is an ordinary SQLite file with its log', () => {
  const crashed = async () => {
    const folder = temporaryFolder();
    const { said } = await killed('write-ahead log', folder, 30);
    const acknowledged = Number([...said.matchAll(/^ACK (\d+)$/gm)].at(-1)?.[1] ?? 0);
    expect(acknowledged).toBeGreaterThan(0);
    return { path: join(folder, 'c.db'), acknowledged };
  };
  const facts = 'SELECT (SELECT n FROM s) = count(*) AS whole, max(id) AS last FROM t';

  test.skipIf(spawnSync('sqlite3', ['--version']).status !== 0)(
    'for the sqlite3 shell',
    async () => {
      const { path, acknowledged } = await crashed();
      const shell = spawnSync('sqlite3', [path, `PRAGMA integrity_check; ${facts}`]);
      const [integrity, row] = shell.stdout.toString().split('\n');
      expect([integrity, row?.split('|')[0]]).toEqual(['ok', '1']);
      expect(Number(row?.split('|')[1])).toBeGreaterThanOrEqual(acknowledged);
    },
  );

  test("for Node's own SQLite", async () => {
    const { path, acknowledged } = await crashed();
    const native = new DatabaseSync(path);
    expect(native.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' });
    const row = native.prepare(facts).get();
    expect(row?.['whole']).toBe(1);
    expect(Number(row?.['last'])).toBeGreaterThanOrEqual(acknowledged);
    native.close();
  });
});

test('S-12: the lock of a killed process is free at once, and the living one is named', async () => {
  const folder = temporaryFolder();
  const child = spawn(process.execPath, [writer, 'write-ahead log', folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise((resolve) => child.stdout.once('data', resolve));
  const { openDatabase } = await import('../src/index.ts');
  const { fileStorage } = await import('../src/node/index.ts');
  const second = openDatabase(fileStorage(folder, 'c'));
  await expect(second).rejects.toMatchObject({
    code: 'store.locked',
    message: expect.stringContaining(`process ${child.pid}`),
  });
  child.kill('SIGKILL');
  await new Promise((resolve) => child.on('close', resolve));
  const third = await openDatabase(fileStorage(folder, 'c'));
  expect(third.integrity('full')).toEqual([]);
  await third.close();
});
