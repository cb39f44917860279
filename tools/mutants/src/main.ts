/**
 * `npm run mutants [-- PATH ...] [--min 85] [--changed]`: changes guarded files piece by piece and sees whether the tests
 * notice. Without a path, all of them.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { equivalents } from './equivalents.ts';
import { guarded, guardedFile } from './guarded.ts';
import { judge } from './judge.ts';
import { reportOf, summaryLine } from './report.ts';
import { root } from './root.ts';
import { runSql } from './sql-run.ts';
import { runStryker } from './stryker-run.ts';

const usage = `npm run mutants [-- PATH ...] [--min 85] [--changed]

PATH       a guarded file, or the end of its path: outbox.ts
--min N    the lowest score that passes, of 100; 85 by default
--changed  only mutants and tests that changed since the last run with --changed`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    min: { type: 'string', default: '85' },
    changed: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const min = Number(values.min);
const chosen = positionals.map((path) => [path, guardedFile(path)] as const);
const unknown = chosen.filter(([, file]) => file === undefined).map(([path]) => path);
if (values.help) {
  console.log(usage);
} else if (!(min >= 0 && min <= 100)) {
  console.error(`--min ${values.min} is no score. Give a number from 0 to 100.`);
  process.exitCode = 2;
} else if (unknown.length > 0) {
  const known = guarded.map(({ file }) => `  ${file}`).join('\n');
  console.error(
    `Not guarded: ${unknown.join(', ')}. Choose one of these, or add it to tools/mutants/src/guarded.ts:\n${known}`,
  );
  process.exitCode = 2;
} else {
  const files = chosen.length === 0 ? guarded : chosen.flatMap(([, file]) => file ?? []);
  const reports = join(root, 'tools/mutants/.reports');
  const lines: string[] = [];
  for (const one of files) {
    const mutants = [
      ...(await runStryker(one, { reports, onlyChanged: values.changed })),
      ...(await runSql(one)),
    ];
    const verdict = judge(
      mutants,
      equivalents.filter(({ file }) => file === one.file),
    );
    console.log(reportOf(one.file, verdict));
    lines.push(summaryLine(one.file, verdict));
    if (verdict.score < min || verdict.complaints.length > 0) process.exitCode = 1;
  }
  console.log(`\n${lines.join('\n')}\n\nReports with the code: tools/mutants/.reports/*.html`);
}
