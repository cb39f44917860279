/**
 * Checksums of rows by key and version, which device and organization compute alike: per row two lanes of 32 bits, added
 * up over a range. They find what was lost or damaged; they are no protection against forgery.
 */
const seeds = [0x811c9dc5, 0x01000193] as const;

/** Adds up the rows of a range, in any order. */
export class RowSum {
  #high = 0;
  #low = 0;
  #rows = 0;

  add(key: string, version: number): void {
    this.#high = (this.#high + lane(seeds[0], key, version)) >>> 0;
    this.#low = (this.#low + lane(seeds[1], key, version)) >>> 0;
    this.#rows += 1;
  }

  get rows(): number {
    return this.#rows;
  }

  /** 8 + 8 hex digits. */
  get text(): string {
    return hex(this.#high) + hex(this.#low);
  }
}

/** The key (a GUID) as four big-endian words, then the version as low and high word. */
function lane(seed: number, key: string, version: number): number {
  const digits = key.replaceAll('-', '');
  let h = seed;
  for (let i = 0; i < 32; i += 8) h = mix(h, Number.parseInt(digits.slice(i, i + 8), 16));
  h = mix(h, version >>> 0);
  h = mix(h, Math.floor(version / 0x1_0000_0000));
  h ^= h >>> 16;
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

function mix(h: number, word: number): number {
  const mixed = Math.imul(h ^ word, 0x9e3779b1);
  return mixed ^ (mixed >>> 15);
}

function hex(word: number): string {
  return word.toString(16).padStart(8, '0');
}
