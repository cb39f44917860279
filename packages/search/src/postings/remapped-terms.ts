import type { PostingSink } from './posting.ts';
import type { TermSource } from './term-source.ts';

/** Terms of an index that was built for other columns, as masks of the columns of now. */
export class RemappedTerms implements TermSource {
  readonly #source: TermSource;
  /** The bit of now by bit of then; -1: the column is not searched any more. */
  readonly #bits: readonly number[];

  constructor(source: TermSource, bits: readonly number[]) {
    this.#source = source;
    this.#bits = bits;
  }

  equal(term: string, sink: PostingSink): void {
    this.#source.equal(term, this.#through(sink));
  }
  longer(prefix: string, sink: PostingSink): void {
    this.#source.longer(prefix, this.#through(sink));
  }
  containing(namespace: string, text: string, sink: PostingSink): void {
    this.#source.containing(namespace, text, this.#through(sink));
  }
  terms(namespace: string): Iterable<string> {
    return this.#source.terms(namespace);
  }

  #through(sink: PostingSink): PostingSink {
    const map = (mask: number) =>
      this.#bits.reduce(
        (bits, now, then) => ((mask & (1 << then)) !== 0 && now >= 0 ? bits | (1 << now) : bits),
        0,
      );
    return {
      add(rid, mask, first, only) {
        const found = map(mask);
        if (found !== 0) sink.add(rid, found, map(first), map(only));
      },
    };
  }
}
