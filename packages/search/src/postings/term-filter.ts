const bits = 2 ** 22;

/** Tells most terms that were never added from those that may have been: a Bloom filter with one hash, 512 KiB. */
export class TermFilter {
  readonly #bits = new Uint8Array(bits / 8);

  add(term: string): void {
    const at = hash(term);
    this.#bits[at >>> 3] = (this.#bits[at >>> 3] ?? 0) | (1 << (at & 7));
  }

  mayHave(term: string): boolean {
    const at = hash(term);
    return ((this.#bits[at >>> 3] ?? 0) & (1 << (at & 7))) !== 0;
  }
}

function hash(term: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < term.length; i++) value = Math.imul(value ^ term.charCodeAt(i), 0x01000193);
  return (value ^ (value >>> 15)) & (bits - 1);
}
