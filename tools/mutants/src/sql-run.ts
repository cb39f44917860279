import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Guarded } from './guarded.ts';
import { startJudges } from './judge-process.ts';
import type { Mutant } from './mutant.ts';
import { root } from './root.ts';
import { sqlChanges } from './sql-mutants.ts';

/** Longer than this, and ten times the time of the unchanged file, is a loop that does not end. */
const patienceMs = 60_000;

/** The same for the SQL in a file's strings, which Stryker knows as strings only. The file itself stays as it is. */
export async function runSql(guarded: Guarded): Promise<readonly Mutant[]> {
  const { file } = guarded;
  const text = readFileSync(join(root, file), 'utf8');
  const changes = sqlChanges(text);
  if (changes.length === 0) return [];
  const lines = text.split('\n');
  const mutants: Mutant[] = [];
  let judges = startJudges(guarded);
  try {
    const startMs = performance.now();
    const unchanged = await judges.ask(text);
    if (unchanged?.kind === 'failed')
      throw new Error(`The tests of ${file} fail without a mutant: ${unchanged.by}. Repair them.`);
    const broken = await judges.ask(`throw new Error('broken');${text}`);
    if (broken?.kind === 'passed') throw new Error(`The tests of ${file} do not load it.`);
    const limitMs = patienceMs + 10 * (performance.now() - startMs);
    const askTwice = async (changed: string) => {
      for (let tries = 0; tries < 2; tries++) {
        const answer = await judges.ask(changed, limitMs);
        if (answer !== null) return answer;
        // Their test runs in circles, or the machine was asleep: others are asked.
        await judges.end();
        judges = startJudges(guarded);
      }
      return null;
    };
    for (const { start, end, kind, to } of changes) {
      const changed = text.slice(0, start) + to + text.slice(end);
      const answer = await askTwice(changed);
      const before = text.slice(0, start);
      const line = before.split('\n').length;
      mutants.push({
        line,
        column: start - before.lastIndexOf('\n'),
        endLine: line + text.slice(start, end).split('\n').length - 1,
        kind,
        from: text.slice(start, end),
        to,
        source: (lines[line - 1] ?? '').trim(),
        fate: answer === null ? 'timeout' : answer.kind === 'failed' ? 'killed' : 'survived',
        note: answer?.kind === 'failed' ? answer.by : null,
        coveredBy: [],
      });
    }
    return mutants;
  } finally {
    await judges.end();
  }
}
