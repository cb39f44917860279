import { fold } from '@outpost/model';

/**
 * How many characters of `text` from `start` fold to exactly `folded`, or null. Folding changes lengths (`ß` is `ss`),
 * so offsets in the original text are found by growing the piece.
 */
export function matchLength(text: string, start: number, folded: string): number | null {
  for (let end = start + 1; end <= text.length; end++) {
    const piece = fold(text.slice(start, end));
    if (piece === folded) return extend(text, start, end, folded);
    if (piece.length > folded.length) return null;
  }
  return null;
}

/** Includes combining marks that follow: they belong to the character before. */
function extend(text: string, start: number, end: number, folded: string): number {
  let last = end;
  while (last < text.length && fold(text.slice(start, last + 1)) === folded) last += 1;
  return last - start;
}
