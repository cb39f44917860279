import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Guarded } from './guarded.ts';
import { root } from './root.ts';

/** What the judges say of a text. */
export type Judgement =
  | { readonly kind: 'passed' }
  /** The first test that failed, or what went wrong outside of one. */
  | { readonly kind: 'failed'; readonly by: string };

/** The judges of a file, in a process of their own, which can be ended when a test runs in circles. */
export interface JudgeProcess {
  /** What they say of the file with this text; null: nothing in time. */
  ask(text: string, limitMs?: number): Promise<Judgement | null>;
  end(): Promise<void>;
}

/** How long a process may take to end by itself, which leaves nothing behind. */
const endMs = 20_000;

export function startJudges({ file, judges }: Guarded): JudgeProcess {
  const child = fork(join(import.meta.dirname, 'sql-judge.ts'), [join(root, file)], {
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
        const tooLong = () => {
          finish();
          resolve(null);
        };
        const timer = limitMs === undefined ? undefined : setTimeout(tooLong, limitMs);
        child.on('message', answered).on('exit', ended);
        child.send({ text });
      }),
    async end() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      const timer = setTimeout(() => child.kill('SIGKILL'), endMs);
      child.disconnect();
      await ended;
      clearTimeout(timer);
    },
  };
}
