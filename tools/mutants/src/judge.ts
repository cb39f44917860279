import type { Equivalent } from './equivalents.ts';
import type { Mutant } from './mutant.ts';

export interface Verdict {
  readonly killed: number;
  readonly timeouts: readonly Mutant[];
  /** Survivors and mutants that no test runs through, by line. */
  readonly alive: readonly Mutant[];
  readonly equivalent: number;
  /** Not counted: with these the file could not be loaded. */
  readonly invalid: number;
  /** Of 100 mutants that could be noticed, how many were. */
  readonly score: number;
  /** What is wrong with the list of equivalent mutants. */
  readonly complaints: readonly string[];
}

/** Counts what became of a file's mutants, without those that are known to change nothing. */
export function judge(mutants: readonly Mutant[], known: readonly Equivalent[]): Verdict {
  const excused = new Set<Mutant>();
  const complaints: string[] = [];
  for (const one of known) {
    for (const change of one.changes) {
      const found = mutants.filter((mutant) => isMeant(one, change, mutant));
      const mutant = found[(one.nth ?? 1) - 1];
      const name = `equivalents.ts: ${one.file}: "${shortened(one.source)}" with "${shortened(change[1])}"`;
      if (mutant === undefined) {
        complaints.push(
          `${name} is no mutant of this file any more. Remove it or follow the code.`,
        );
      } else if (found.length > 1 && one.nth === undefined) {
        complaints.push(`${name} means ${found.length} mutants. Say which one with \`nth\`.`);
      } else if (mutant.fate === 'killed' || mutant.fate === 'timeout') {
        complaints.push(`${name} is noticed by a test, so it is not equivalent. Remove it.`);
      } else excused.add(mutant);
    }
  }
  const left = mutants.filter((mutant) => !excused.has(mutant));
  const timeouts = left.filter(({ fate }) => fate === 'timeout');
  const alive = left.filter(({ fate }) => fate === 'survived' || fate === 'uncovered');
  const killed = left.filter(({ fate }) => fate === 'killed').length;
  const noticed = killed + timeouts.length;
  const counted = noticed + alive.length;
  return {
    killed,
    timeouts,
    alive: alive.toSorted((a, b) => a.line - b.line),
    equivalent: excused.size,
    invalid: left.filter(({ fate }) => fate === 'invalid').length,
    score: counted === 0 ? 100 : (100 * noticed) / counted,
    complaints,
  };
}

function isMeant(
  { source }: Equivalent,
  [from, to]: Equivalent['changes'][number],
  mutant: Mutant,
): boolean {
  return source === mutant.source && from === mutant.from && to === mutant.to;
}

/** One line of at most 60 characters. */
export function shortened(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length <= 60 ? line : `${line.slice(0, 57)}...`;
}
