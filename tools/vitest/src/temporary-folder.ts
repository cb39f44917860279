import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

/** What operating systems call the folder for temporary files. */
const variables = ['TMPDIR', 'TEMP', 'TMP'] as const;
const prefix = 'outpost-test-';
let folder: string | null = null;

/**
 * All temporary files of a run lie in one folder, which is gone when the run ends, also at an interrupt. Does nothing
 * where whoever started the tests, or another project of the same run, has made one.
 */
export function setup(): void {
  if (basename(tmpdir()).startsWith(prefix)) return;
  folder = mkdtempSync(join(tmpdir(), prefix));
  for (const name of variables) process.env[name] = folder;
  process.on('exit', teardown);
  process.on('SIGINT', interrupted);
  process.on('SIGTERM', interrupted);
}

export function teardown(): void {
  if (folder !== null) rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}

function interrupted(signal: NodeJS.Signals): void {
  process.exit(signal === 'SIGINT' ? 130 : 143);
}
