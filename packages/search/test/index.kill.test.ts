import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { seededRandom } from '@outpost/testkit';
import { lengthOf } from '@outpost/vitest/length';
import { expect, test } from 'vitest';

/** Kills; `OUTPOST_ROUNDS` asks for more. */
const rounds = lengthOf('OUTPOST_ROUNDS', { short: 1, long: 10 });
const seed = Number(process.env['OUTPOST_SEED'] ?? 1);
const writer = fileURLToPath(new URL('./index-writer.ts', import.meta.url));
const random = seededRandom(seed);

interface Killed {
  readonly said: string;
  /** What ended it: a writer that ends by itself has failed. */
  readonly signal: NodeJS.Signals | null;
}

/** Runs the writer until it has told of its progress so often, and gives what it said. */
function killed(folder: string, round: number, afterLines: number): Promise<Killed> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [writer, folder, String(seed * 1000 + round)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let said = '';
    child.stdout.on('data', (part: Buffer) => {
      said += part.toString();
      if (said.split('\nDID ').length > afterLines || said.includes('BAD')) child.kill('SIGKILL');
    });
    child.on('close', (_, signal) => resolve({ said, signal }));
  });
}

test(
  'F-1: a process killed at any moment leaves an index that says what the rows say',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'outpost-search-'));
    let writes = 0;
    for (let round = 0; round < rounds; round++) {
      const { said, signal } = await killed(folder, round, 1 + Math.floor(random.next() * 15));
      expect(said, `round ${round}`).toContain('START');
      expect(said, `round ${round}`).not.toContain('BAD');
      expect(signal, `round ${round}: ${said}`).toBe('SIGKILL');
      writes += Number([...said.matchAll(/^DID (\d+)$/gm)].at(-1)?.[1] ?? 0);
    }
    expect(writes).toBeGreaterThan(rounds * 40);
    rmSync(folder, { recursive: true });
  },
  60_000 + rounds * 5000,
);
