import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { format } from 'node:util';
import { inject, onTestFinished, vi } from 'vitest';
import { program } from '../src/program.ts';

export const appFolder: string = fileURLToPath(new URL('..', import.meta.url));
/** A script that `build-program.ts` has made. */
export function built(name: 'main' | 'failing-screen'): string {
  return join(inject('built'), `${name}.js`);
}

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the program with these words in this process, which has it loaded; one at a time. */
export async function outpost(...args: readonly string[]): Promise<Outcome> {
  let [stdout, stderr] = ['', ''];
  vi.stubEnv('INIT_CWD', appFolder);
  const spies = [
    vi.spyOn(console, 'log').mockImplementation((...said) => {
      stdout += `${format(...said)}\n`;
    }),
    vi.spyOn(console, 'error').mockImplementation((...said) => {
      stderr += `${format(...said)}\n`;
    }),
    vi.spyOn(process.stdout, 'write').mockImplementation((said) => {
      stdout += said;
      return true;
    }),
  ];
  try {
    return { code: await program(args), stdout, stderr };
  } finally {
    for (const spy of spies) spy.mockRestore();
    vi.unstubAllEnvs();
  }
}

/** Runs the program as a process of its own, without a terminal. */
export function outpostProcess(...args: readonly string[]): Promise<Outcome> {
  return runProcess(process.execPath, [built('main'), ...args]);
}

/** Runs a process to its end, or to that of the test. */
export async function runProcess(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  const child = spawn(command, args, {
    cwd: appFolder,
    env: { ...process.env, INIT_CWD: appFolder, NO_COLOR: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const closed = once(child, 'close');
  onTestFinished(async () => {
    killWithChildren(child.pid);
    await closed;
  });
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  await closed;
  return { code: child.exitCode, stdout, stderr };
}

/** Ends the leader of a process group, and whatever it has started and left behind. */
export function killWithChildren(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    // They have ended by themselves.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** A folder that is gone after the run of the tests. */
export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'outpost-simulator-'));
}

export function jsonLines(text: string): readonly Record<string, unknown>[] {
  return text
    .split('\n')
    .filter((one) => one.startsWith('{'))
    .map((one) => JSON.parse(one) as Record<string, unknown>);
}
