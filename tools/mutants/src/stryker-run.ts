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
 * the limit is for those that cannot be counted, and what meets it is asked again: the machine may have been asleep.
 */
export async function runStryker(
  { file, judges }: Guarded,
  { reports, copies, onlyChanged }: RunOptions,
): Promise<readonly Mutant[]> {
  const name = file.replace(/^packages\//, '').replaceAll('/', '.');
  const html = { fileName: join(reports, `${name}.html`) };
  // Stryker works where it is called.
  process.chdir(root);
  // The runner's configuration reads it. Stryker's own `testFiles` would keep mutants of constants asleep.
  process.env['OUTPOST_JUDGES'] = judges.join();
  const text = readFileSync(join(root, file), 'utf8');
  const ask = async (report: string, options: ConstructorParameters<typeof Stryker>[0]) => {
    const json = join(reports, report);
    await new Stryker({
      configFile: 'tools/mutants/stryker.config.json',
      plugins: [import.meta.resolve('@stryker-mutator/vitest-runner')],
      tempDirName: copies,
      jsonReporter: { fileName: json },
      ...options,
    }).runMutationTest();
    return readReport(json, text);
  };
  const mutants = await ask(`${name}.json`, {
    mutate: [file],
    incremental: onlyChanged,
    incrementalFile: join(reports, `${name}.known.json`),
    reporters: ['json', 'html', ...(process.stdout.isTTY ? ['progress'] : [])],
    htmlReporter: html,
  });
  const slow = mutants.filter(wasSlow);
  if (slow.length === 0) return mutants;
  const again = await ask(`${name}.again.json`, {
    mutate: slow.map(({ line, endLine }) => `${file}:${line}-${endLine}`),
    reporters: ['json'],
  });
  return mutants.map((one) =>
    wasSlow(one) ? (again.find((other) => isSame(one, other)) ?? one) : one,
  );
}

/** The tests took too long, and nobody knows why. */
function wasSlow({ fate, note }: Mutant): boolean {
  return fate === 'timeout' && note?.startsWith('Hit limit') !== true;
}

function isSame(one: Mutant, other: Mutant): boolean {
  const { line, column, from, to } = one;
  return other.line === line && other.column === column && other.from === from && other.to === to;
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
        column: start.column,
        endLine: end.line,
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
