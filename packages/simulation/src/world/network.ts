import type { KeyedRandom } from '@outpost/testkit';

/** What may happen to requests; chances between 0 and 1. */
export interface NetworkFaults {
  /** The request never arrives. */
  readonly lost: number;
  /** The organization acts; its answer is lost. */
  readonly answerLost: number;
  /** The request arrives again, later. */
  readonly twice: number;
  /** The answer is cut off somewhere, or one of its bytes is changed. */
  readonly damaged: number;
  /** It takes much longer than others: overtaken by what was sent after it. */
  readonly slow: number;
}

export const goodNetwork: NetworkFaults = { lost: 0, answerLost: 0, twice: 0, damaged: 0, slow: 0 };
export const badNetwork: NetworkFaults = {
  lost: 0.06,
  answerLost: 0.08,
  twice: 0.06,
  damaged: 0.04,
  slow: 0.05,
};

/** What happens to one request of a device. Times in milliseconds. */
export interface Verdict {
  readonly thereMs: number;
  readonly backMs: number;
  readonly lost: boolean;
  readonly answerLost: boolean;
  readonly againAfterMs: number | null;
  /** Where the answer is damaged, from 0 to below 1; null: it is whole. */
  readonly damagedAt: number | null;
}

/** The fate of a request, drawn by its number: no other request changes it. */
export function verdictOf(
  random: KeyedRandom,
  faults: NetworkFaults,
  device: number,
  request: number,
): Verdict {
  const at = (label: string) => random.at(label, device, request);
  const slow = at('slow') < faults.slow ? 20_000 : 0;
  return {
    thereMs: 5 + Math.floor(at('there') * 200) + slow,
    backMs: 5 + Math.floor(at('back') * 400),
    lost: at('lost') < faults.lost,
    answerLost: at('answerLost') < faults.answerLost,
    againAfterMs: at('twice') < faults.twice ? Math.floor(at('gap') * 30_000) : null,
    damagedAt: at('damaged') < faults.damaged ? at('damage') : null,
  };
}

/** The text of an answer with its end cut off, or with one character changed. */
export function damaged(text: string, at: number): string {
  const place = Math.floor(at * text.length);
  if (Math.floor(at * 1e6) % 2 === 0) return text.slice(0, place);
  return `${text.slice(0, place)}\u0000${text.slice(place + 1)}`;
}
