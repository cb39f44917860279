import { shortened, type Verdict } from './judge.ts';

/** What a developer needs to write the missing test: place, change, and the tests that saw it and said nothing. */
export function reportOf(file: string, verdict: Verdict): string {
  const alive = verdict.alive.flatMap(({ line, kind, from, to, fate, coveredBy }) => [
    `${file}:${line}  ${fate}, ${kind}`,
    `  - ${shortened(from)}`,
    `  + ${shortened(to)}`,
    ...(coveredBy.length === 0 ? [] : [`  seen by ${named(coveredBy)}`]),
  ]);
  const timeouts = verdict.timeouts.map(
    ({ line, to, note }) => `${file}:${line}  timeout: ${shortened(to)} (${note ?? 'too long'})`,
  );
  return [...timeouts, ...alive, ...verdict.complaints, summaryLine(file, verdict)].join('\n');
}

export function summaryLine(file: string, verdict: Verdict): string {
  const { score, killed, timeouts, alive, equivalent, invalid } = verdict;
  const survived = alive.filter(({ fate }) => fate === 'survived').length;
  const counts = [
    `${killed} killed`,
    `${timeouts.length} timeouts`,
    `${survived} survived`,
    `${alive.length - survived} without a test`,
    `${equivalent} equivalent`,
    ...(invalid === 0 ? [] : [`${invalid} not runnable`]),
  ];
  return `${score.toFixed(1).padStart(5)} %  ${file}: ${counts.join(', ')}`;
}

function named(tests: readonly string[]): string {
  const [first, second, ...others] = tests.map((name) => `"${shortened(name)}"`);
  const more = others.length === 0 ? '' : ` and ${others.length} more`;
  return second === undefined ? `${first}` : `${first}, ${second}${more}`;
}
