import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const appFolder: string = fileURLToPath(new URL('..', import.meta.url));
export const programArgs: readonly string[] = ['--import', 'tsx', 'src/main.tsx'];

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the program to its end, without a terminal. */
export function outpost(...args: readonly string[]): Outcome {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...programArgs, ...args], {
    cwd: appFolder,
    encoding: 'utf8',
    env: { ...process.env, INIT_CWD: appFolder, NO_COLOR: '1' },
    maxBuffer: 64 * 1024 * 1024,
  });
  return { code: status, stdout, stderr };
}

/** Starts the program and leaves it running. */
export function startOutpost(...args: readonly string[]): ChildProcess {
  return spawn(process.execPath, [...programArgs, ...args], {
    cwd: appFolder,
    env: { ...process.env, INIT_CWD: appFolder, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
}

export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'outpost-simulator-'));
}

export function jsonLines(text: string): readonly Record<string, unknown>[] {
  return text
    .split('\n')
    .filter((one) => one.startsWith('{'))
    .map((one) => JSON.parse(one) as Record<string, unknown>);
}
