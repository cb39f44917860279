import { seededRandom, VirtualClock } from '@outpost/testkit';
import { BehaviorSubject, Subject } from 'rxjs';
import { afterEach, describe, expect, test } from 'vitest';
import { HintReader } from '../src/http/hint-stream.ts';
import {
  type Connectivity,
  type CycleResult,
  defaultSettings,
  type HintEvent,
  type PauseReason,
  SyncScheduler,
  type SyncSettings,
} from '../src/index.ts';
import { backOffMs } from '../src/schedule/back-off.ts';
import { dueTables, intervalMs, nextDueAt } from '../src/schedule/due.ts';

const start = Date.parse('2026-03-02T08:00:00Z');
const minute = 60_000;
const done: CycleResult = { kind: 'done', mode: 'DELTA_SYNC' };
const failed = (kind: string, code: string | null = null, retryAfterMs: number | null = null) =>
  ({
    kind: 'failed',
    failure: { class: kind, code, message: 'no', retryAfterMs },
  }) as CycleResult;

let scheduler: SyncScheduler | null = null;
afterEach(() => scheduler?.close());

function setUp(
  tables = [
    { table: 'account', intervalMinutes: 10 },
    { table: 'task', intervalMinutes: 30 },
  ],
) {
  const clock = new VirtualClock(start);
  const connectivity = new BehaviorSubject<Connectivity>({
    online: true,
    metered: false,
    foreground: true,
  });
  const settings = new BehaviorSubject<SyncSettings>(defaultSettings);
  const sendable = new BehaviorSubject<number | null>(null);
  const hints = new Subject<HintEvent>();
  const edits = new Subject<void>();
  const completed = new Subject<void>();
  const runs: { at: number; steady: number; tables: readonly string[] | null }[] = [];
  const answers: (CycleResult | Error)[] = [];
  const faults: unknown[] = [];
  let edited: readonly string[] = [];
  const made = new SyncScheduler({
    system: { clock, random: seededRandom(1), ids: { next: () => '' } },
    connectivity,
    settings,
    sendable,
    edits,
    completed,
    hints,
    onFault: (error) => faults.push(error),
    tables: () => tables,
    editedTables: () => edited,
    run: async (wanted) => {
      const at = (clock.now() - start) / minute;
      runs.push({ at, steady: clock.steady(), tables: wanted });
      const answer = answers.shift();
      if (answer instanceof Error) throw answer;
      // A cycle without trouble sends everything.
      if (answer === undefined) sendable.next(null);
      return answer ?? done;
    },
  });
  scheduler = made;
  const advance = async (minutes: number, stepMs = 15_000) => {
    for (let i = 0; i < (minutes * minute) / stepMs; i++) {
      clock.advance({ ms: stepMs });
      for (let n = 0; n < 5; n++) await Promise.resolve();
    }
  };
  return {
    clock,
    connectivity,
    settings,
    sendable,
    edits,
    completed,
    hints,
    faults,
    runs,
    answers,
    advance,
    scheduler: made,
    edit: (names: readonly string[], sendableAt: number | null = 0) => {
      edited = names;
      sendable.next(sendableAt);
    },
  };
}

describe('D01: every table at its interval', () => {
  test('all at open, then each when it is due, never sooner', async () => {
    const { runs, advance } = setUp();
    await advance(61);
    const times = (table: string) =>
      runs.filter((one) => one.tables === null || one.tables.includes(table)).map((one) => one.at);
    expect(runs[0]?.tables).toBeNull();
    for (const [table, interval, count] of [
      ['account', 10, 7],
      ['task', 30, 3],
    ] as const) {
      const at = times(table);
      expect(at.length).toBe(count);
      const waits = at.slice(1).map((one, i) => one - (at[i] ?? 0));
      expect(Math.min(...waits), `${table} at ${at.join()}`).toBeGreaterThanOrEqual(interval);
    }
  });

  test.each([
    [1, 5],
    [10, 10],
    [5000, 1440],
    [Number.NaN, 10],
  ])('an interval of %d minutes counts as %d', (given, used) => {
    expect(intervalMs(given)).toBe(used * minute);
  });

  test('the user may choose a longer interval, not a shorter one', () => {
    expect(intervalMs(10, 60)).toBe(60 * minute);
    expect(intervalMs(60, 10)).toBe(60 * minute);
  });

  test('tables that are due soon after each other go together', () => {
    const tables = [
      { table: 'a', intervalMinutes: 10 },
      { table: 'b', intervalMinutes: 10 },
    ];
    const last = new Map([
      ['a', 0],
      ['b', 20_000],
    ]);
    const at = nextDueAt(tables, last, 5 * minute, 0);
    expect(at).toBe(10 * minute + 20_000);
    expect(dueTables(tables, last, at, 0)).toEqual(['a', 'b']);
  });
});

test('an edit is uploaded a second later, with the tables it concerns', async () => {
  const { runs, advance, edit } = setUp();
  await advance(1);
  edit(['task']);
  await advance(1);
  expect(runs.map((one) => one.tables)).toEqual([null, ['task']]);
});

describe('N03a: whatever waits to be sent goes soon, and does not wait for an interval', () => {
  const seconds = (runs: readonly { readonly at: number }[]) =>
    runs.map((one) => Math.round(one.at * 60));

  test('what was put off goes when it may', async () => {
    const { runs, advance, sendable, clock } = setUp();
    await advance(1);
    sendable.next(clock.now() + 90_000);
    await advance(2);
    expect(seconds(runs)).toEqual([0, 150]);
  });

  test('what a cycle puts off goes when it may', async () => {
    const { runs, answers, advance, edit, sendable, clock } = setUp();
    await advance(1);
    answers.push(done);
    edit(['task']);
    sendable.next(0);
    clock.schedule(clock.now() + 1000, () => sendable.next(clock.now() + 40_000));
    await advance(3);
    expect(seconds(runs)).toEqual([0, 61, 101]);
  });

  test.each([
    ['done', done],
    ['cancelled', { kind: 'cancelled' } as const],
  ])(
    'a cycle that is %s and leaves edits behind is followed by another, less and less often',
    async (_, answer) => {
      const { runs, answers, advance, edit } = setUp();
      await advance(1);
      for (let i = 0; i < 30; i++) answers.push(answer);
      edit(['task']);
      await advance(0.1, 1000);
      const soon = runs.length;
      expect(soon).toBeGreaterThanOrEqual(3);
      await advance(4, 1000);
      expect(runs.length).toBeGreaterThan(soon);
      expect(runs.length).toBeLessThan(20);
    },
  );

  test('what was sent in a cycle that did not read its table is read soon', async () => {
    const { runs, advance, edit, clock } = setUp();
    await advance(1);
    edit(['account']);
    // After the cycle has begun, and sent by it.
    clock.schedule(clock.now() + 1000, () => edit(['account', 'task'], null));
    await advance(1);
    expect(runs.map((one) => one.tables)).toEqual([null, ['account'], ['account', 'task']]);
  });
});

describe('H-30: cycles end, and delays grow', () => {
  test('the wait doubles up to five minutes, at random below it', () => {
    const most = { next: () => 0.999999 };
    const waits = [1, 2, 3, 8, 20].map((failures) => backOffMs(failures, null, most) / 1000);
    expect(waits.map(Math.round)).toEqual([2, 4, 8, 256, 300]);
    expect(backOffMs(5, null, { next: () => 0 })).toBe(0);
  });

  test('Retry-After is the least to wait, with some spread', () => {
    expect(backOffMs(1, 60_000, { next: () => 0 })).toBe(60_000);
    expect(backOffMs(1, 60_000, { next: () => 0.999 })).toBeGreaterThan(65_000);
  });

  test('failing for ever is tried less and less, and warned of', async () => {
    const { runs, answers, advance, scheduler: made } = setUp();
    for (let i = 0; i < 100; i++) answers.push(failed('network'));
    await advance(60);
    expect(runs.length).toBeGreaterThan(8);
    expect(runs.length).toBeLessThan(60);
    expect(made.current.warnings).toEqual(['degraded']);
    answers.length = 0;
    await advance(10);
    expect(made.current).toMatchObject({ failures: 0, warnings: [] });
  });

  test('X15: an organization that asks to wait is not asked before', async () => {
    const { runs, answers, advance } = setUp();
    answers.push(failed('server', '0x80072322', 5 * minute));
    await advance(12);
    expect(runs.length).toBe(2);
    expect(runs[1]?.at).toBeGreaterThanOrEqual(5);
  });
});

describe('X02: reasons for not synchronizing', () => {
  const online = { online: true, metered: false, foreground: true };
  test.each<[PauseReason, Partial<Connectivity>, Partial<SyncSettings>]>([
    ['offline', { online: false }, {}],
    ['manual', {}, { mode: 'manual' }],
    ['wifiOnly', { metered: true }, { wifiOnly: true }],
    ['background', { foreground: false }, {}],
  ])('%s', async (reason, connection, chosen) => {
    const { connectivity, settings, runs, advance, scheduler: made } = setUp();
    await advance(1);
    connectivity.next({ ...online, ...connection });
    settings.next({ ...defaultSettings, ...chosen });
    expect(made.current).toMatchObject({ paused: reason, nextAt: null });
    await advance(60);
    expect(runs.length).toBe(1);
    connectivity.next(online);
    settings.next(defaultSettings);
    await advance(1);
    expect(made.current.paused).toBeNull();
    expect(runs.length).toBeGreaterThan(1);
  });

  test.each([
    ['auth', null, 'auth'],
    ['access', '0x80072560', 'disabled'],
    ['expected', 'outpost:fenced', 'fenced'],
    ['device', 'sql.full', 'device'],
  ])('a failure of class %s (%s) stops until somebody resumes: %s', async (kind, code, reason) => {
    const { runs, answers, advance, scheduler: made } = setUp();
    answers.push(failed(kind, code));
    await advance(60);
    expect(runs.length).toBe(1);
    expect(made.current.paused).toBe(reason);
    made.resume();
    await advance(1);
    expect(runs.length).toBe(2);
    expect(made.current.paused).toBeNull();
  });
});

describe('O09d: going online, an edit or a tap tries again, whatever stopped or put it off', () => {
  const online = { online: true, metered: false, foreground: true };
  const reasons = [
    ['auth', failed('auth')],
    ['disabled', failed('access', '0x80072560')],
    ['a wait of an hour', failed('server', '0x80072322', 60 * minute)],
  ] as const;
  test.each(reasons)('going online: %s', async (_, failure) => {
    const { connectivity, answers, runs, advance } = setUp();
    answers.push(failure);
    await advance(1);
    connectivity.next({ ...online, online: false });
    connectivity.next(online);
    await advance(0.1, 1000);
    expect(runs.length).toBe(2);
  });

  test.each(reasons)('an edit: %s', async (_, failure) => {
    const { edits, answers, runs, advance } = setUp();
    for (let i = 0; i < 9; i++) answers.push(failure);
    await advance(1);
    edits.next();
    await advance(0.1, 1000);
    expect(runs.length).toBe(2);
    // Many of them do not try each time.
    for (let i = 0; i < 60; i++) {
      edits.next();
      await advance(1 / 60, 1000);
    }
    expect(runs.length).toBeGreaterThan(2);
    expect(runs.length).toBeLessThanOrEqual(5);
  });

  test.each(reasons)('a cycle that somebody asked for: %s', async (_, failure) => {
    const { completed, answers, runs, advance, scheduler: made } = setUp();
    answers.push(failure);
    await advance(1);
    completed.next();
    expect(made.current).toMatchObject({ paused: null, failures: 0 });
    await advance(30);
    expect(runs.length).toBeGreaterThan(2);
  });
});

describe('O15b: a clock that is set forward or back by years makes nothing wait longer than its interval', () => {
  const years = 10 * 365 * 24 * 60 * minute;
  /** Minutes that really pass between attempts, the longest first. */
  const waits = (runs: readonly { readonly steady: number }[]) =>
    runs.slice(1).map((one, i) => (one.steady - (runs[i]?.steady ?? 0)) / minute);

  test.each([
    ['forward', years],
    ['back', -years],
    ['back by hours', -5 * 60 * minute],
  ])('intervals, set %s', async (_, by) => {
    const { clock, runs, advance } = setUp([{ table: 'account', intervalMinutes: 10 }]);
    for (let i = 0; i < 4; i++) {
      await advance(7);
      clock.set(clock.now() + by);
      await advance(7);
      clock.set(clock.now() - by);
    }
    expect(Math.max(...waits(runs))).toBeLessThanOrEqual(10.5);
    expect(runs.length).toBeLessThan(20);
  });

  test.each([
    ['forward', years],
    ['back', -years],
  ])('waits after failures, set %s', async (_, by) => {
    const { clock, answers, runs, advance } = setUp();
    answers.push(failed('server', '0x80072322', 20 * minute));
    await advance(1);
    clock.set(clock.now() + by);
    await advance(25);
    expect(runs.length).toBeGreaterThan(1);
    expect(Math.max(...waits(runs))).toBeLessThanOrEqual(22.5);
  });

  test.each([
    ['forward', years],
    ['back', -years],
  ])('what was put off, set %s', async (_, by) => {
    const { clock, runs, sendable, advance } = setUp();
    await advance(1);
    sendable.next(clock.now() + 5 * minute);
    clock.set(clock.now() + by);
    await advance(6);
    expect(runs.length).toBeGreaterThan(1);
  });
});

test('O17b: a cycle that throws is told of, and does not end all others', async () => {
  const { answers, runs, faults, advance, scheduler: made } = setUp();
  const mistake = new Error('a mistake');
  answers.push(mistake, mistake);
  await advance(30);
  expect(faults).toEqual([mistake, mistake]);
  expect(runs.length).toBeGreaterThan(3);
  expect(made.current).toMatchObject({ paused: null, failures: 0 });
});

describe('hints', () => {
  test('hinted tables are asked for within the spread, and only they', async () => {
    const { runs, advance, hints } = setUp();
    await advance(2);
    hints.next({ kind: 'hint', hint: { tables: ['task'], jitterMs: 5000 } });
    await advance(1);
    expect(runs.map((one) => one.tables)).toEqual([null, ['task']]);
  });

  test('W-23: what a cycle could not read is asked for at the next attempt, not at its interval', async () => {
    const { runs, answers, advance, hints } = setUp();
    await advance(2);
    const failure = { class: 'network', status: null, code: null, message: '', retryAfterMs: null };
    answers.push({ kind: 'failed', failure } as CycleResult);
    hints.next({ kind: 'hint', hint: { tables: ['task'], jitterMs: 0 } });
    await advance(2);
    expect(runs.map((one) => one.tables)).toEqual([null, ['task'], ['task']]);
  });

  test('while the organization tells and is silent, due tables are not asked for, for an hour at most', async () => {
    const { runs, advance, hints } = setUp([{ table: 'account', intervalMinutes: 10 }]);
    await advance(1);
    hints.next({ kind: 'connected' });
    // What changed before it began to tell is asked for once.
    await advance(11);
    expect(runs.length).toBe(2);
    await advance(50);
    expect(runs.length).toBe(2);
    await advance(25);
    expect(runs.length).toBe(3);
    hints.next({ kind: 'hint', hint: { tables: ['account'], jitterMs: 0 } });
    await advance(1);
    expect(runs.length).toBe(4);
    hints.next({ kind: 'ended' });
    await advance(31);
    expect(runs.length).toBe(7);
  });

  test('a stream is read piece by piece; what is no hint is left out', () => {
    const reader = new HintReader();
    const stream =
      ': connected\n\nevent: hint\ndata: {"tables":["a"],"jitterMs":1}\n\nevent: other\ndata: {}\n\nevent: hint\ndata: {"tables":5}\n\nevent: hint\ndata: no\n\nevent: hint\r\ndata: {"tables":["b"],"jitterMs":2}\r\n\r\n';
    for (const size of [1, 3, 7, 1000]) {
      const found = [];
      for (let at = 0; at < stream.length; at += size) {
        found.push(...new HintReader().take(''), ...reader.take(stream.slice(at, at + size)));
      }
      expect(found).toEqual([
        { tables: ['a'], jitterMs: 1 },
        { tables: ['b'], jitterMs: 2 },
      ]);
    }
  });
});
