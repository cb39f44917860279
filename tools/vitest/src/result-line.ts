import type { Reporter, TestModule, Vitest } from 'vitest/node';

/** What one package's tests came to. */
interface Result {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly seconds: number;
}

/** Prints one line of JSON at the end, for the program that runs the tests of all packages and replays cached ones. */
export class ResultLine implements Reporter {
  #vitest: Vitest | null = null;
  #began = 0;

  onInit(vitest: Vitest): void {
    this.#vitest = vitest;
    this.#began = performance.now();
  }

  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const counts = { passed: 0, failed: errors.length, skipped: 0 };
    for (const module of modules) {
      if (module.errors().length > 0) counts.failed += 1;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        counts[state === 'pending' ? 'skipped' : state] += 1;
      }
    }
    const seconds = Math.round((performance.now() - this.#began) / 100) / 10;
    const result: Result = { ...counts, seconds };
    this.#vitest?.logger.log(`outpost-result ${JSON.stringify(result)}`);
  }
}
