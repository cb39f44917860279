import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Runs examples one after the other, each in a folder of its own; prints a line of JSON for each. */
for (const file of process.argv.slice(2)) {
  process.chdir(mkdtempSync(join(tmpdir(), 'outpost-docs-')));
  let error: string | null = null;
  try {
    await import(file);
  } catch (thrown) {
    error = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
  }
  process.stdout.write(`\n${JSON.stringify({ ran: file, error })}\n`);
}
// Whatever they left open ends with them.
process.exit(0);
