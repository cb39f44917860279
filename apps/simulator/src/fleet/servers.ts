import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** A process that serves the organization. */
export interface ServerProcess {
  readonly child: ChildProcess;
  readonly url: string;
}

/** Starts this program's `serve`; resolves when it answers. Throws what it says when it ends instead. */
export function startServer(args: readonly string[]): Promise<ServerProcess> {
  const [, program = ''] = process.argv;
  return startProgram([program, 'serve', ...args]);
}

/** Starts a program that says where it listens. */
export async function startProgram(args: readonly string[]): Promise<ServerProcess> {
  const child = spawn(process.execPath, [...process.execArgv, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => {
    complaint = `${complaint}${chunk.toString('utf8')}`.slice(-2000);
  });
  const url = new Promise<string>((resolve, reject) => {
    createInterface(child.stdout).on('line', (line) => {
      const found = / at (http:\S+)$/.exec(line)?.[1];
      if (found !== undefined) resolve(found);
    });
    child.once('exit', () => reject(new Error(`A server process ended: ${complaint.trim()}`)));
  });
  return { child, url: await url };
}

/** Ends a process in the middle of whatever it is doing. */
export async function killServer({ child }: ServerProcess): Promise<void> {
  const ended = once(child, 'exit');
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await ended;
}
