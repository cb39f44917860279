import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DeviceStore, WriteTx } from '@outpost/store';
import { lengthOf } from '@outpost/vitest/length';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import { ViewNode } from '../src/live/view-node.ts';
import type { ViewSnapshot } from '../src/live/view-snapshot.ts';
import { type LiveTally, runLive } from './oracle/live-run.ts';

/** Worlds, each with 8 views and 25 commits. */
const rounds = lengthOf('OUTPOST_ROUNDS', { short: 6, long: 30 });
const first = Number(process.env['OUTPOST_SEED'] ?? 1);
const commits = 25;
const folder = mkdtempSync(join(tmpdir(), 'outpost-live-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each(['sqljs', 'node:sqlite'] as const)('on %s', (driver) => {
  test(`${rounds * commits} random commits under random views: every view equals a fresh query after each, told once, and of nothing but what is shown`, async () => {
    const tallies: LiveTally[] = [];
    for (let seed = first; seed < first + rounds; seed++)
      tallies.push(await runLive({ driver, folder, seed, commits }));
    const total = (count: (one: LiveTally) => number) =>
      tallies.reduce((sum, one) => sum + count(one), 0);
    const met = {
      A: total((one) => one.classes.A),
      B: total((one) => one.classes.B),
      C: total((one) => one.classes.C),
      told: total((one) => one.told),
      silent: total((one) => one.silent),
      rolledBack: total((one) => one.rolledBack),
    };
    expect(Math.min(...Object.values(met)), JSON.stringify(met)).toBeGreaterThan(rounds / 2);
  }, 600_000);
});

/** Each saboteur is a fault that somebody could have made; the run above must find it. */
describe('what the run finds', () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  const run = (plant?: (store: DeviceStore) => void) =>
    runLive({ driver: 'sqljs', folder, seed: 1, commits, ...(plant && { plant }) });

  /** Changes what nodes give to those who watch them. */
  const emits = (
    change: (
      emit: () => ViewSnapshot | null,
      node: ViewNode,
      commit: number,
    ) => ViewSnapshot | null,
  ) => {
    const { emit } = ViewNode.prototype;
    vi.spyOn(ViewNode.prototype, 'emit').mockImplementation(function (
      this: ViewNode,
      commit: number,
    ) {
      return change(() => emit.call(this, commit), this, commit);
    });
  };

  test('nothing, without a fault', async () => {
    expect((await run()).told).toBeGreaterThan(0);
  });

  test('an emission without a visible change', async () => {
    emits((emit, node, commit) => emit() ?? { ...node.state, commit, patch: [] });
    await expect(run()).rejects.toThrow('told, and nothing that is shown has changed');
  });

  test('a visible change without an emission', async () => {
    let calls = 0;
    emits((emit) => (++calls % 9 === 0 ? null : emit()));
    await expect(run()).rejects.toThrow(/^seed 1, commit \d+/);
  });

  test('a patch that leaves a step out', async () => {
    emits((emit) => {
      const snapshot = emit();
      return snapshot && { ...snapshot, patch: snapshot.patch.slice(1) };
    });
    await expect(run()).rejects.toThrow(/^seed 1, commit \d+/);
  });

  test('a view that misses a commit', async () => {
    vi.spyOn(ViewNode.prototype, 'apply').mockImplementation(() => {});
    await expect(run()).rejects.toThrow(/^seed 1, commit \d+/);
  });

  const behind = 'UPDATE person SET age = 77 WHERE personid = (SELECT min(personid) FROM person)';

  test('a write behind the gateway, between two commits', async () => {
    await expect(
      run((store) => {
        store.commits.subscribe(() => store.driver.prepare(behind).run());
      }),
    ).rejects.toThrow('Rows of person were changed with SQL instead of through the gateway.');
  });

  test('a write behind the gateway, inside a commit', async () => {
    await expect(
      run((store) => {
        const write = store.write.bind(store);
        store.write = (options, fn) =>
          write(options, (tx: WriteTx) => {
            tx.sql.prepare(behind).run();
            return fn(tx);
          });
      }),
    ).rejects.toThrow('Rows of person were changed with SQL instead of through the gateway.');
  });
});
