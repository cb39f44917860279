import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MutantStatus, schema } from '@stryker-mutator/api/core';
import { Stryker } from '@stryker-mutator/core';
import type { Guarded } from './guarded.ts';
import type { Fate, Mutant } from './mutant.ts';
import { root } from './root.ts';

const fates: Readonly<Record<MutantStatus, Fate>> = {
  Killed: 'killed',
  Timeout: 'timeout',
  Survived: 'survived',
  NoCoverage: 'uncovered',
  CompileError: 'invalid',
  RuntimeError: 'invalid',
  Ignored: 'invalid',
  Pending: 'invalid',
};

export interface RunOptions {
  /** Where reports go. */
  readonly reports: string;
  /** Folder in the repository for the copy that is changed. */
  readonly copies: string;
  /** Only what changed since the last run: mutants that are new, and those whose tests are. */
  readonly onlyChanged: boolean;
}

/**
 * Has Stryker change a file in a copy of the repository, one piece after another, and run its judges on each. One at a time
 * (`stryker.config.json`): two would share the machine and meet limits of time. Loops that do not end are found by counting;
 * the limit is for those that cannot be counted.
 */
export async function runStryker(
  { file, judges }: Guarded,
  { reports, copies, onlyChanged }: RunOptions,
): Promise<readonly Mutant[]> {
  const name = file.replace(/^packages\//, '').replaceAll('/', '.');
  const json = join(reports, `${name}.json`);
  // Stryker works where it is called.
  process.chdir(root);
  // The runner's configuration reads it. Stryker's own `testFiles` would keep mutants of constants asleep.
  process.env['OUTPOST_JUDGES'] = judges.join();
  await new Stryker({
    configFile: 'tools/mutants/stryker.config.json',
    mutate: [file],
    plugins: [import.meta.resolve('@stryker-mutator/vitest-runner')],
    tempDirName: copies,
    incremental: onlyChanged,
    incrementalFile: join(reports, `${name}.known.json`),
    reporters: ['json', 'html', ...(process.stdout.isTTY ? ['progress'] : [])],
    jsonReporter: { fileName: json },
    htmlReporter: { fileName: join(reports, `${name}.html`) },
  }).runMutationTest();
  return readReport(json, readFileSync(join(root, file), 'utf8'));
}

function readReport(path: string, text: string): readonly Mutant[] {
  const { files, testFiles } = JSON.parse(readFileSync(path, 'utf8')) as schema.MutationTestResult;
  const tests = new Map(
    Object.values(testFiles ?? {}).flatMap((one) => one.tests.map(({ id, name }) => [id, name])),
  );
  const lines = text.split('\n');
  const starts = [0];
  for (const line of lines) starts.push((starts.at(-1) ?? 0) + line.length + 1);
  const offset = ({ line, column }: schema.Position) => (starts[line - 1] ?? 0) + column - 1;
  return Object.values(files).flatMap((one) =>
    one.mutants.map((mutant) => {
      const { start, end } = mutant.location;
      return {
        line: start.line,
        kind: mutant.mutatorName,
        from: text.slice(offset(start), offset(end)),
        to: mutant.replacement ?? '',
        source: (lines[start.line - 1] ?? '').trim(),
        fate: fates[mutant.status],
        note: mutant.statusReason ?? null,
        coveredBy: (mutant.coveredBy ?? []).map((id) => tests.get(id) ?? id),
      };
    }),
  );
}
