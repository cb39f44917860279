import { type NearWord, nearWords } from './near-words.ts';

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
  near(word: string, most: number, prefix: boolean): readonly NearWord[] {
    const added = nearWords([...this.#added].sort(), word, most, prefix);
    return [...nearWords(this.#words, word, most, prefix), ...added];
  }

  #fill(words: string[]): void {
    this.#words = words.sort();
    this.#text = separator + words.join(separator) + separator;
  }
}
