/** A word that is nearly the one that was looked for. */
export interface NearWord {
  readonly word: string;
  /**
   * Edits: insert, delete or change a character, or swap two neighbours, none of which is edited again (optimal string
   * alignment). Characters are UTF-16 units.
   */
  readonly distance: number;
}

/**
 * Words of a list at most `most` edits away from a word; with `prefix`, those with such a beginning. The list is sorted, so
 * that words with the same beginning stand together: what is computed for a beginning serves all of them, and a beginning
 * that is too far away takes them all out at once.
 */
export function nearWords(
  sorted: readonly string[],
  word: string,
  most: number,
  prefix: boolean,
): readonly NearWord[] {
  const found: NearWord[] = [];
  const table = new DistanceTable(word, most);
  let before = '';
  for (let i = 0; i < sorted.length; ) {
    const candidate = sorted[i] ?? '';
    table.cutTo(commonLength(before, candidate));
    before = candidate;
    while (table.depth < candidate.length && !table.isHopeless) {
      table.push(candidate.charCodeAt(table.depth));
    }
    const distance = prefix ? table.bestPrefix : table.isHopeless ? most + 1 : table.last;
    if (!table.isHopeless) {
      if (distance <= most) found.push({ word: candidate, distance });
      i += 1;
      continue;
    }
    // Nothing that begins like this comes nearer.
    const end = endOfBlock(sorted, i, candidate.slice(0, table.depth));
    if (distance <= most) {
      for (let j = i; j < end; j++) found.push({ word: sorted[j] ?? '', distance });
    }
    i = end;
  }
  return found;
}

/** The distance of a word to one text, or to its nearest beginning; more than `most` is reported as `most + 1`. */
export function editDistance(word: string, text: string, most: number, prefix: boolean): number {
  return nearWords([text], word, most, prefix)[0]?.distance ?? most + 1;
}

/** Distances of all beginnings of a word to all beginnings of a text that grows and shrinks at its end. */
class DistanceTable {
  readonly #word: string;
  readonly #most: number;
  /** A row per beginning of the text: its distance to each beginning of the word. */
  readonly #rows: Uint8Array[];
  /** Least distance that a text which goes on from here can have: of the row, or of a swap with what comes next. */
  readonly #least: number[] = [0];
  readonly #best: number[];
  readonly #text: number[] = [];
  depth = 0;

  constructor(word: string, most: number) {
    this.#word = word;
    this.#most = most;
    this.#rows = [Uint8Array.from({ length: word.length + 1 }, (_, i) => i)];
    this.#best = [word.length];
  }

  /** No text that goes on from here is near. */
  get isHopeless(): boolean {
    return (this.#least[this.depth] ?? 0) > this.#most;
  }

  /** Distance of the word to the text as it is. */
  get last(): number {
    return this.#rows[this.depth]?.[this.#word.length] ?? 0;
  }

  /** Distance of the word to the nearest beginning of the text. */
  get bestPrefix(): number {
    return this.#best[this.depth] ?? 0;
  }

  cutTo(depth: number): void {
    if (depth < this.depth) this.depth = depth;
  }

  push(unit: number): void {
    const { depth } = this;
    const word = this.#word;
    const last = this.#rows[depth] ?? new Uint8Array(word.length + 1);
    const before = depth > 0 ? this.#rows[depth - 1] : undefined;
    const previous = this.#text[depth - 1];
    const next = this.#rows[depth + 1] ?? new Uint8Array(word.length + 1);
    this.#rows[depth + 1] = next;
    next[0] = Math.min(255, depth + 1);
    let least = next[0];
    for (let i = 1; i <= word.length; i++) {
      const own = word.charCodeAt(i - 1);
      let cost = (last[i - 1] ?? 0) + (own === unit ? 0 : 1);
      const added = (last[i] ?? 0) + 1;
      const removed = (next[i - 1] ?? 0) + 1;
      if (added < cost) cost = added;
      if (removed < cost) cost = removed;
      if (before !== undefined && i > 1 && own === previous && word.charCodeAt(i - 2) === unit) {
        const swapped = (before[i - 2] ?? 0) + 1;
        if (swapped < cost) cost = swapped;
      }
      next[i] = cost;
      if (cost < least) least = cost;
      if (own === unit && i > 1 && (last[i - 2] ?? 0) + 1 < least) least = (last[i - 2] ?? 0) + 1;
    }
    this.#text[depth] = unit;
    this.depth = depth + 1;
    this.#least[depth + 1] = least;
    this.#best[depth + 1] = Math.min(this.#best[depth] ?? 255, next[word.length] ?? 255);
  }
}

function commonLength(a: string, b: string): number {
  const most = Math.min(a.length, b.length);
  let i = 0;
  while (i < most && a.charCodeAt(i) === b.charCodeAt(i)) i += 1;
  return i;
}

/** The first place after `from` whose word does not begin like this. */
function endOfBlock(sorted: readonly string[], from: number, beginning: string): number {
  let step = 1;
  let inside = from;
  while (inside + step < sorted.length && sorted[inside + step]?.startsWith(beginning) === true) {
    inside += step;
    step *= 2;
  }
  let outside = Math.min(sorted.length, inside + step);
  while (outside - inside > 1) {
    const middle = (inside + outside) >> 1;
    if (sorted[middle]?.startsWith(beginning) === true) inside = middle;
    else outside = middle;
  }
  return outside;
}
