import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface Serving {
  readonly child: ChildProcess;
  readonly url: string;
}

/** Starts a process that serves an organization; it ends with this one at the latest. Rejects when it does not serve. */
export function serve(...args: readonly string[]): Promise<Serving> {
  const file = fileURLToPath(new URL('serving-child.ts', import.meta.url));
  const child = spawn(process.execPath, [file, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  return new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', (url) => resolve({ child, url }));
    child.once('error', reject);
    child.once('exit', (code, signal) =>
      reject(new Error(`The organization ended before it served: ${signal ?? code}.`)),
    );
  });
}
