// npm test [-- PACKAGE ...] [--force] [--long]
import { duration, failedTests, runTasks, totalOf, withRun } from './run-tests.mjs';

const words = process.argv.slice(2);
const known = ['--force', '--long'];
const unknown = words.find((word) => word.startsWith('-') && !known.includes(word));
if (unknown !== undefined) {
  console.error(
    `There is no option ${unknown}. Usage: npm test [-- PACKAGE ...] [${known.join('] [')}]`,
  );
  process.exit(2);
}
const only = words.filter((word) => !word.startsWith('-'));
const isLong = words.includes('--long');
const began = performance.now();

process.exitCode = await withRun(async ({ env, signal }) => {
  console.log(
    isLong
      ? 'The long tests; a line for each package when it is done.'
      : 'Types and tests of every package; a line for each when it is done.',
  );
  // All packages are checked together at a fifth of the cost.
  const types = only.length === 0 ? 'types' : 'typecheck';
  const { code, results, failed } = await runTasks({
    tasks: isLong ? ['test'] : [types, 'test'],
    only,
    force: words.includes('--force'),
    env: isLong ? { ...env, OUTPOST_LONG: '1' } : env,
    signal,
    show: (text) => console.log(text),
  });
  if (signal.aborted) {
    console.log('Interrupted.');
    return 1;
  }
  for (const task of failed)
    console.log(`failed: ${task.replace('@outpost/', '').replace('#', ' ')}`);
  for (const test of failedTests(results, isLong)) console.log(`failed: ${test}`);
  const { passed, failed: count, skipped } = totalOf(results);
  const time = duration(performance.now() - began);
  console.log(
    `${passed} passed, ${count} failed, ${skipped} skipped in ${results.size} packages, ${time}`,
  );
  return code ?? 1;
});
