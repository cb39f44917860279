import { editDistance } from './edit-distance.ts';

const separator = '\n';
/** Added words wait in a set until there are so many. */
const maxAdded = 2000;

/**
 * Words of an index in memory, to find those that contain a text or are nearly one. It may hold words that are in the
 * index no more: their postings are empty, so it never makes an answer wrong, and a rollback needs no care.
 */
export class Vocabulary {
  readonly #added = new Set<string>();
  /** All words, each between separators. */
  #text = separator;
  #words: string[] = [];
  /** Letters of each word, a bit per letter modulo 32. */
  #letters = new Uint32Array(0);

  constructor(words: Iterable<string>) {
    this.#fill([...words]);
  }

  get size(): number {
    return this.#words.length + this.#added.size;
  }

  add(word: string): void {
    this.#added.add(word);
    if (this.#added.size < maxAdded) return;
    this.#fill([...new Set([...this.#words, ...this.#added])]);
    this.#added.clear();
  }

  /** Words that contain a text. */
  containing(text: string): readonly string[] {
    const found: string[] = [];
    for (let at = this.#text.indexOf(text); at >= 0; ) {
      const start = this.#text.lastIndexOf(separator, at) + 1;
      const end = this.#text.indexOf(separator, at);
      found.push(this.#text.slice(start, end));
      at = this.#text.indexOf(text, end);
    }
    for (const word of this.#added) if (word.includes(text)) found.push(word);
    return found;
  }

  /** Words at most `most` edits away, with `prefix` those with such a beginning. */
  near(
    word: string,
    most: number,
    prefix: boolean,
  ): readonly { readonly word: string; readonly distance: number }[] {
    const found: { word: string; distance: number }[] = [];
    const wanted = lettersOf(word);
    const shortest = word.length - most;
    const longest = prefix ? Number.MAX_SAFE_INTEGER : word.length + most;
    const test = (candidate: string) => {
      const distance = editDistance(word, candidate, most, prefix);
      if (distance <= most) found.push({ word: candidate, distance });
    };
    const words = this.#words;
    for (let i = 0; i < words.length; i++) {
      const candidate = words[i] ?? '';
      if (candidate.length < shortest || candidate.length > longest) continue;
      // An edit takes away at most one of the letters that the word has.
      if (bitsOf(wanted & ~(this.#letters[i] ?? 0)) > most) continue;
      test(candidate);
    }
    for (const candidate of this.#added) test(candidate);
    return found;
  }

  #fill(words: string[]): void {
    this.#words = words;
    this.#text = separator + words.join(separator) + separator;
    this.#letters = Uint32Array.from(words, lettersOf);
  }
}

function lettersOf(word: string): number {
  let bits = 0;
  for (let i = 0; i < word.length; i++) bits |= 1 << (word.charCodeAt(i) & 31);
  return bits >>> 0;
}

function bitsOf(bits: number): number {
  let x = bits >>> 0;
  x -= (x >>> 1) & 0x55555555;
  x = (x & 0x33333333) + ((x >>> 2) & 0x33333333);
  return Math.imul((x + (x >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
