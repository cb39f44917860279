/**
 * `npm run mutants [-- PATH ...] [--min 85] [--changed]`: changes guarded files piece by piece and sees whether the tests
 * notice. Without a path, all of them.
 */
import { rmSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { equivalents } from './equivalents.ts';
import { type Guarded, guarded, guardedFile } from './guarded.ts';
import { judge } from './judge.ts';
import { reportOf, summaryLine } from './report.ts';
import { root } from './root.ts';
import { runSql } from './sql-run.ts';
import { runStryker } from './stryker-run.ts';

const usage = `npm run mutants [-- PATH ...] [--min 85] [--changed]

PATH       a guarded file, or the end of its path: outbox.ts
--min N    the lowest score that passes, of 100; 85 by default
--changed  Stryker's part only for what changed since the last run with --changed: pieces, and tests`;

const reports = 'tools/mutants/.reports';
/** Of this process, so that two runs do not meet. */
const copies = `.mutants-${process.pid}`;

process.exitCode = await main();

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      min: { type: 'string', default: '85' },
      changed: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(usage);
    return 0;
  }
  const min = Number(values.min);
  if (values.min.trim() === '' || !(min >= 0 && min <= 100)) {
    console.error(`--min ${values.min} is no score. Give a number from 0 to 100.`);
    return 2;
  }
  const chosen = positionals.map((path) => [path, guardedFile(path)] as const);
  const unknown = chosen.filter(([, file]) => file === undefined).map(([path]) => path);
  if (unknown.length > 0) {
    const known = guarded.map(({ file }) => `  ${file}`).join('\n');
    console.error(
      `Not guarded: ${unknown.join(', ')}. Choose one of these, or add it to tools/mutants/src/guarded.ts:\n${known}`,
    );
    return 2;
  }
  cleanUpAtTheEnd();
  const files = chosen.length === 0 ? guarded : chosen.flatMap(([, file]) => file ?? []);
  return (await ask(files, min, values.changed)) ? 0 : 1;
}

/** Whether all of them pass. */
async function ask(files: readonly Guarded[], min: number, onlyChanged: boolean): Promise<boolean> {
  const lines: string[] = [];
  let passes = true;
  for (const one of files) {
    console.log(`${one.file}, judged by ${one.judges.join(' and ')} ...`);
    const folder = join(root, reports);
    const mutants = [
      ...(await runStryker(one, { reports: folder, copies, onlyChanged })),
      ...(await runSql(one)),
    ];
    const verdict = judge(
      mutants,
      equivalents.filter(({ file }) => file === one.file),
    );
    console.log(`${reportOf(one.file, verdict)}\n`);
    lines.push(summaryLine(one.file, verdict));
    passes &&= verdict.score >= min && verdict.complaints.length === 0;
  }
  console.log(`${lines.join('\n')}\n\nWith the code: ${reports}/*.html`);
  return passes;
}

/** However it ends. */
function cleanUpAtTheEnd(): void {
  process.on('exit', () => rmSync(join(root, copies), { recursive: true, force: true }));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => process.exit(128 + constants.signals[signal]));
  }
}
