// Checks that an interrupted `npm test` leaves no folder, process or database: starts it, interrupts it as a terminal does
// once tests are running, and looks at what is there afterwards. For Linux, which tells the processes of a folder.
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { kill, processesOf } from './run-folder.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'outpost-interrupt-'));
const problems = [];

/** Interrupts while a vitest runs, and again for a run that is still starting. */
for (const moment of ['tests', 'start']) {
  const child = spawn('npm', ['test', '--', 'query', 'store', '--force'], {
    cwd: root,
    env: { ...process.env, TMPDIR: folder },
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  const exited = new Promise((resolve) =>
    child.on('exit', (code, signal) => resolve(signal ?? code)),
  );
  const isRunning = () => {
    const run = readdirSync(folder).find((name) => name.startsWith('outpost-test-run-'));
    if (run === undefined) return false;
    const found = processesOf(join(folder, run));
    return moment === 'start' || found.some((one) => one.command.includes('vitest'));
  };
  while (!isRunning() && child.exitCode === null) await delay(20);
  process.kill(-child.pid, 'SIGINT');
  const code = await exited;
  // npm itself ends by the signal, where it does not pass on the code.
  if (code !== 130 && code !== 'SIGINT')
    problems.push(`${moment}: ended with ${code} instead of 130:\n${output}`);
  for (const name of readdirSync(folder)) {
    problems.push(`${moment}: the folder ${name} is left`);
    for (const { pid, command } of processesOf(join(folder, name))) {
      problems.push(`${moment}: ${pid} ${command} is left running`);
      kill(pid);
    }
  }
}
rmSync(folder, { recursive: true, force: true });
for (const problem of problems) console.log(problem);
if (problems.length === 0) console.log('An interrupted run leaves nothing behind.');
process.exitCode = problems.length > 0 ? 1 : 0;
