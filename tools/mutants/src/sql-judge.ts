/** The process of `judge-process.ts`: runs the judges on each text of a file that it is sent, and answers what they say. */
import { createVitest, type TestModule } from 'vitest/node';
import type { Judgement } from './judge-process.ts';

const file = process.argv[2] ?? '';
let current = '';

const vitest = await createVitest(
  {
    config: 'tools/mutants/runner/vitest.config.ts',
    watch: false,
    bail: 1,
    maxWorkers: 1,
    reporters: [{}],
    onConsoleLog: () => false,
  },
  { plugins: [{ name: 'mutant', enforce: 'pre', load: (id) => (id === file ? current : null) }] },
);

process.on('message', async ({ text }: { readonly text: string }) => {
  current = text;
  vitest.invalidateFile(file);
  const { testModules, unhandledErrors } = await vitest.runTestSpecifications(
    await vitest.globTestSpecifications(),
  );
  const [outside] = [...unhandledErrors, ...testModules.flatMap((module) => module.errors())];
  const by = failedIn(testModules) ?? (outside === undefined ? null : messageOf(outside));
  const judgement: Judgement = by === null ? { kind: 'passed' } : { kind: 'failed', by };
  process.send?.(judgement);
});

// The other side is done, or gone.
process.on('disconnect', async () => {
  await vitest.close();
  process.exit();
});

function failedIn(modules: readonly TestModule[]): string | null {
  for (const module of modules) {
    for (const test of module.children.allTests('failed')) return test.fullName;
  }
  return null;
}

function messageOf(error: unknown): string {
  const { message } = error as { readonly message?: unknown };
  return typeof message === 'string' ? message : 'an error without a message';
}
