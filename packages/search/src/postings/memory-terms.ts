import type { TermVisitor } from '../terms/row-terms.ts';
import { type PostingList, type PostingSink, postingWidth } from './posting.ts';
import type { TermSource } from './term-source.ts';

/** Terms of rows in memory. Rows come in ascending order. */
export class MemoryTerms implements TermSource {
  readonly #lists = new Map<string, PostingList>();
  #sorted: readonly string[] | null = null;

  /** The terms, each with its postings. */
  get lists(): ReadonlyMap<string, PostingList> {
    return this.#lists;
  }

  /** Takes in the terms of a row. */
  visitor(rid: number): TermVisitor {
    this.#sorted = null;
    return (term, mask, first, only) => {
      const list = this.#lists.get(term);
      if (list === undefined) {
        this.#lists.set(term, [rid, mask, first, only]);
        return;
      }
      const last = list.length - postingWidth;
      if (list[last] !== rid) {
        list.push(rid, mask, first, only);
        return;
      }
      list[last + 1] = (list[last + 1] ?? 0) | mask;
      list[last + 2] = (list[last + 2] ?? 0) | first;
      list[last + 3] = (list[last + 3] ?? 0) | only;
    };
  }

  equal(term: string, sink: PostingSink): void {
    const list = this.#lists.get(term);
    if (list !== undefined) send(list, sink);
  }

  longer(prefix: string, sink: PostingSink): void {
    this.#sorted ??= [...this.#lists.keys()].sort();
    const terms = this.#sorted;
    for (let i = firstAtLeast(terms, prefix); i < terms.length; i++) {
      const term = terms[i] ?? '';
      if (!term.startsWith(prefix)) return;
      if (term !== prefix) this.equal(term, sink);
    }
  }

  containing(namespace: string, text: string, sink: PostingSink): void {
    for (const [term, list] of this.#lists) {
      if (term.startsWith(namespace) && term.includes(text, namespace.length)) send(list, sink);
    }
  }

  *terms(namespace: string): IterableIterator<string> {
    for (const term of this.#lists.keys()) {
      if (term.startsWith(namespace)) yield term.slice(namespace.length);
    }
  }
}

function send(list: PostingList, sink: PostingSink): void {
  for (let i = 0; i < list.length; i += postingWidth) {
    sink.add(list[i] ?? 0, list[i + 1] ?? 0, list[i + 2] ?? 0, list[i + 3] ?? 0);
  }
}

function firstAtLeast(sorted: readonly string[], text: string): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? '') < text) low = middle + 1;
    else high = middle;
  }
  return low;
}
