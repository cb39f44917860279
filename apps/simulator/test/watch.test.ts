import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { parseScenario } from '../src/scenario/scenario.ts';
import type { Desk } from '../src/tui/desk.ts';
import { Watch } from '../src/tui/watch.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const text = 'steps:\n  - say: Good morning.\n  - open: phone\n  - sync: phone\n  - close: phone\n';
const scenario = parseScenario(text, 'morning');

/** Watches the scenario; `after` answers how many steps have begun after so many milliseconds more. */
function watchScenario(byStep: boolean) {
  const desk = { isTyping: false, redraw: () => undefined } as unknown as Desk;
  const watch = new Watch(desk, scenario, 1, byStep);
  let begun = 0;
  void (async () => {
    for (const [nth, step] of scenario.steps.entries()) {
      await watch.before(step, nth);
      begun += 1;
    }
  })();
  const caption = () =>
    watch.caption(80).map((runs) =>
      runs
        .map((run) => run.text)
        .join('')
        .trimEnd(),
    );
  const after = async (ms: number) => {
    await vi.advanceTimersByTimeAsync(ms);
    return begun;
  };
  return { watch, caption, after };
}

test('a scenario goes on by itself, slower where something is said, until space holds it', async () => {
  const { watch, caption, after } = watchScenario(false);
  expect(caption()[0]).toMatch(/^ morning, step 1 of 4 ─+ {2}\[space\] hold$/);
  expect(caption()).toContain(' Good morning.');
  expect(await after(2000)).toBe(0);
  expect(await after(100)).toBe(1);
  expect(caption()[0]).toContain('step 2 of 4');
  expect(await after(700)).toBe(2);
  expect(watch.intercept('space')).toBe(true);
  expect(caption()[0]).toMatch(/step 3 of 4 ─+ {2}\[space\] go on {2}\[n\] one step$/);
  expect(await after(60_000)).toBe(2);
  watch.intercept('space');
  expect(await after(0)).toBe(3);
  expect(await after(700)).toBe(4);
});

test('step by step each n is one step', async () => {
  const { watch, after } = watchScenario(true);
  expect(await after(60_000)).toBe(0);
  expect(watch.intercept('n')).toBe(true);
  expect(await after(60_000)).toBe(1);
  watch.intercept('n');
  expect(await after(60_000)).toBe(2);
  expect(watch.intercept('j')).toBe(false);
});
