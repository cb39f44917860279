import { type ChildProcess, fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Guarded } from './guarded.ts';
import type { Mutant } from './mutant.ts';
import { root } from './root.ts';
import { sqlChanges } from './sql-mutants.ts';

/** What the judges say of a text. */
export type Judgement =
  | { readonly kind: 'passed' }
  /** The first test that failed, or what went wrong outside of one. */
  | { readonly kind: 'failed'; readonly by: string };

/** Longer than this, and ten times the time of the unchanged file, is a loop that does not end. */
const patienceMs = 60_000;

/** The same for the SQL in a file's strings, which Stryker knows as strings only. The file itself stays as it is. */
export async function runSql({ file, judges }: Guarded): Promise<readonly Mutant[]> {
  const text = readFileSync(join(root, file), 'utf8');
  const changes = sqlChanges(text);
  if (changes.length === 0) return [];
  let judge = startJudge(file, judges);
  try {
    const start = performance.now();
    const unchanged = await judge.ask(text, Number.POSITIVE_INFINITY);
    if (unchanged?.kind !== 'passed') {
      throw new Error(
        `The tests of ${file} fail without a mutant: ${unchanged?.by}. Repair them first.`,
      );
    }
    const broken = await judge.ask(`throw new Error('broken');${text}`, Number.POSITIVE_INFINITY);
    if (broken?.kind !== 'failed') throw new Error(`The tests of ${file} do not load it.`);
    const limitMs = patienceMs + 10 * (performance.now() - start);
    const lines = text.split('\n');
    const mutants: Mutant[] = [];
    for (const { start, end, kind, to } of changes) {
      const answer = await judge.ask(text.slice(0, start) + to + text.slice(end), limitMs);
      if (answer === null) {
        judge.stop();
        judge = startJudge(file, judges);
      }
      const line = text.slice(0, start).split('\n').length;
      mutants.push({
        line,
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
    judge.stop();
  }
}

interface Judge {
  /** Null: no answer in time. */
  ask(text: string, limitMs: number): Promise<Judgement | null>;
  stop(): void;
}

/** In a process of its own, which can be ended when a test runs in circles. */
function startJudge(file: string, judges: readonly string[]): Judge {
  const child: ChildProcess = fork(join(import.meta.dirname, 'sql-judge.ts'), [join(root, file)], {
    cwd: root,
    env: { ...process.env, OUTPOST_JUDGES: judges.join() },
  });
  return {
    ask: (text, limitMs) =>
      new Promise((resolve, reject) => {
        const finish = () => {
          clearTimeout(timer);
          child.off('message', answered).off('exit', ended);
        };
        const answered = (judgement: Judgement) => {
          finish();
          resolve(judgement);
        };
        const ended = (code: number | null) => {
          finish();
          reject(new Error(`The tests of ${file} ended their process with ${code}.`));
        };
        const timer = Number.isFinite(limitMs)
          ? setTimeout(() => {
              finish();
              resolve(null);
            }, limitMs)
          : undefined;
        child.on('message', answered).on('exit', ended);
        child.send({ text });
      }),
    stop: () => child.kill('SIGKILL'),
  };
}
