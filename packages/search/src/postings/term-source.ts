import type { PostingSink } from './posting.ts';

/** Where terms and their postings are read: the index in the database, or rows that are not in it yet. */
export interface TermSource {
  /** Postings of one term. */
  equal(term: string, sink: PostingSink): void;
  /** Postings of the terms that begin with the prefix and are longer. */
  longer(prefix: string, sink: PostingSink): void;
  /** Postings of the terms of a namespace that contain a text. */
  containing(namespace: string, text: string, sink: PostingSink): void;
  /** Every term of a namespace, without it, in no special order. */
  terms(namespace: string): Iterable<string>;
}
