import { fold } from '@outpost/model';

/** A folded text that knows where its characters come from. */
export interface FoldedText {
  readonly folded: string;
  /** The span of the original that a span of the folded text comes from. */
  span(start: number, end: number): { readonly start: number; readonly length: number };
}

/**
 * Folds a text piece by piece. Folding changes lengths (`ß` is `ss`, a combining accent is nothing), so each folded unit
 * remembers the piece it comes from. Characters that only fold together, such as Hangul letters, are taken together.
 */
export function foldText(text: string): FoldedText {
  const folded = fold(text);
  const pieces = [[...text], graphemes(text), [text]].find(
    (split) => split.map(fold).join('') === folded,
  );
  const starts: number[] = [];
  const ends: number[] = [];
  let at = 0;
  for (const piece of pieces ?? [text]) {
    const length = fold(piece).length;
    // An accent belongs to the letter before it.
    if (length === 0 && ends.length > 0) ends[ends.length - 1] = at + piece.length;
    for (let i = 0; i < length; i++) {
      starts.push(at);
      ends.push(at + piece.length);
    }
    at += piece.length;
  }
  return {
    folded,
    span(start, end) {
      const from = starts[start] ?? 0;
      return { start: from, length: Math.max(0, (ends[end - 1] ?? from) - from) };
    },
  };
}

function graphemes(text: string): readonly string[] {
  return [...new Intl.Segmenter().segment(text)].map(({ segment }) => segment);
}
