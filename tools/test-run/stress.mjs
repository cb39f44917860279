// npm run test:stress -- --rounds N --burners B [PACKAGE ...]
// Runs the tests again and again while other processes keep the processors busy, and tells what ever failed.
import { spawn } from 'node:child_process';
import { parseArgs } from 'node:util';
import { duration, failedTests, runTasks, totalOf, withRun } from './run-tests.mjs';

const usage = 'Usage: npm run test:stress -- [--rounds N] [--burners B] [PACKAGE ...]';
const { rounds, burners, only } = readArguments();

function readArguments() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        rounds: { type: 'string', default: '20' },
        burners: { type: 'string', default: '4' },
      },
    });
    const count = (name) => {
      const value = Number(values[name]);
      if (!Number.isInteger(value) || value < 0) throw new Error(`--${name} takes a whole number.`);
      return value;
    };
    return { rounds: count('rounds'), burners: count('burners'), only: positionals };
  } catch (error) {
    console.error(`${error.message}\n${usage}`);
    process.exit(2);
  }
}

const ever = new Map();
process.exitCode = await withRun(async ({ env, signal }) => {
  const burning = Array.from({ length: burners }, () =>
    spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' }),
  );
  try {
    for (let round = 1; round <= rounds && !signal.aborted; round++) {
      const began = performance.now();
      const output = [];
      const { code, results } = await runTasks({
        tasks: ['test'],
        only,
        force: true,
        env,
        signal,
        show: (text) => output.push(text),
      });
      if (signal.aborted) break;
      const failed = failedTests(results);
      if (code !== 0 && failed.length === 0) failed.push('a package ended without results');
      for (const test of failed) ever.set(test, (ever.get(test) ?? 0) + 1);
      const total = totalOf(results);
      const time = duration(performance.now() - began);
      console.log(
        `round ${round} of ${rounds}: ${total.passed} passed, ${failed.length} failed, ${total.skipped} skipped, ${time}`,
      );
      if (code !== 0) console.log(output.filter((text) => !text.startsWith('✓')).join('\n'));
    }
  } finally {
    for (const one of burning) one.kill('SIGKILL');
  }
  if (ever.size === 0) console.log(`Nothing failed in any round, with ${burners} burners.`);
  else console.log('Failed at least once:');
  for (const [test, times] of ever) console.log(`  ${times} of ${rounds}: ${test}`);
  return ever.size === 0 ? 0 : 1;
});
