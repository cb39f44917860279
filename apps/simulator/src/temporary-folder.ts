import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const exitCodes = { SIGINT: 130, SIGTERM: 143 } as const;

/** A folder that is gone when it is closed, and also when the program is ended meanwhile. */
export function temporaryFolder(prefix: string): { readonly path: string; close(): void } {
  const path = mkdtempSync(join(tmpdir(), prefix));
  const remove = () => rmSync(path, { recursive: true, force: true, maxRetries: 5 });
  const end = (signal: keyof typeof exitCodes) => {
    remove();
    process.exit(exitCodes[signal]);
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, end);
  return {
    path,
    close() {
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, end);
      remove();
    },
  };
}
