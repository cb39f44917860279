/** Longest texts that are compared. */
const maxLength = 64;
const width = maxLength + 1;
const rows = [new Uint8Array(width), new Uint8Array(width), new Uint8Array(width)];

/**
 * Least number of edits that make `word` of `text`: insert, delete or change a character, or swap two neighbours, none of
 * which is edited again (optimal string alignment). With `prefix`, of the beginning of `text` that is nearest. More than
 * `most` is reported as `most + 1`. Characters are UTF-16 units.
 */
export function editDistance(word: string, text: string, most: number, prefix: boolean): number {
  const m = word.length;
  const n = Math.min(text.length, prefix ? m + most : maxLength);
  if (m > maxLength || (!prefix && Math.abs(m - text.length) > most)) return most + 1;
  // Row i: `word` up to i against every beginning of `text`.
  let [before, last, next] = rows as [Uint8Array, Uint8Array, Uint8Array];
  for (let j = 0; j <= n; j++) last[j] = j;
  for (let i = 1; i <= m; i++) {
    next[0] = i;
    let least = i;
    const a = word.charCodeAt(i - 1);
    for (let j = 1; j <= n; j++) {
      const b = text.charCodeAt(j - 1);
      let cost = (last[j - 1] ?? 0) + (a === b ? 0 : 1);
      const removed = (last[j] ?? 0) + 1;
      const added = (next[j - 1] ?? 0) + 1;
      if (removed < cost) cost = removed;
      if (added < cost) cost = added;
      if (
        i > 1 &&
        j > 1 &&
        a === text.charCodeAt(j - 2) &&
        b === word.charCodeAt(i - 2) &&
        (before[j - 2] ?? 0) + 1 < cost
      ) {
        cost = (before[j - 2] ?? 0) + 1;
      }
      next[j] = cost;
      if (cost < least) least = cost;
    }
    // A swap may still lead on from the row before this one.
    if (least > most && minOf(last, n) > most) return most + 1;
    [before, last, next] = [last, next, before];
  }
  const best = prefix ? minOf(last, n) : (last[n] ?? 255);
  return Math.min(best, most + 1);
}

function minOf(row: Uint8Array, to: number): number {
  let least = 255;
  for (let j = 0; j <= to; j++) if ((row[j] ?? 255) < least) least = row[j] ?? 255;
  return least;
}
