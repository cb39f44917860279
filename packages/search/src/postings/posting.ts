/**
 * Postings of one term, packed: per row `varint(delta * 4 + form)`, then masks. The delta counts from the row before, of
 * the first one from the chunk's key. Forms: 0, the mask alone; 1, the value begins with the term wherever it is in; 2, it
 * is nothing but the term there; 3, the three masks one after another.
 */

/** Told of each posting. */
export interface PostingSink {
  add(rid: number, mask: number, first: number, only: number): void;
}

/** Postings of a term, ascending by row; four numbers each: row, mask, first, only. */
export type PostingList = number[];

export const postingWidth = 4;

export function readPostings(bytes: Uint8Array, key: number, sink: PostingSink): void {
  let rid = key;
  let at = 0;
  const end = bytes.length;
  while (at < end) {
    let byte = bytes[at++] ?? 0;
    const form = byte & 3;
    let delta = (byte & 127) >> 2;
    for (let scale = 32; byte > 127; scale *= 128) {
      byte = bytes[at++] ?? 0;
      delta += (byte & 127) * scale;
    }
    rid += delta;
    byte = bytes[at++] ?? 0;
    let mask = byte & 127;
    for (let shift = 7; byte > 127; shift += 7) {
      byte = bytes[at++] ?? 0;
      mask |= (byte & 127) << shift;
    }
    if (form === 0) sink.add(rid, mask, 0, 0);
    else if (form === 1) sink.add(rid, mask, mask, 0);
    else if (form === 2) sink.add(rid, mask, mask, mask);
    else {
      let first = 0;
      for (let shift = 0; ; shift += 7) {
        byte = bytes[at++] ?? 0;
        first |= (byte & 127) << shift;
        if (byte < 128) break;
      }
      let only = 0;
      for (let shift = 0; ; shift += 7) {
        byte = bytes[at++] ?? 0;
        only |= (byte & 127) << shift;
        if (byte < 128) break;
      }
      sink.add(rid, mask, first, only);
    }
  }
}

export function listPostings(bytes: Uint8Array, key: number): PostingList {
  const list: PostingList = [];
  readPostings(bytes, key, {
    add: (rid, mask, first, only) => list.push(rid, mask, first, only),
  });
  return list;
}

/** Where a reader stands in a chunk, and what it has read last. */
class Cursor {
  at = 0;
  rid: number;
  form = 0;
  mask = 0;
  first = 0;
  only = 0;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array, key: number) {
    this.#bytes = bytes;
    this.rid = key;
  }

  get isAtEnd(): boolean {
    return this.at >= this.#bytes.length;
  }

  next(): void {
    const head = this.#number();
    this.form = head % 4;
    this.rid += (head - this.form) / 4;
    this.mask = this.#number();
    this.first = this.form === 0 ? 0 : this.form === 3 ? this.#number() : this.mask;
    this.only = this.form < 2 ? 0 : this.form === 3 ? this.#number() : this.mask;
  }

  #number(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.#bytes[this.at++] ?? 0;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  }
}

/** The last row of a chunk. */
export function lastRid(bytes: Uint8Array, key: number): number {
  const cursor = new Cursor(bytes, key);
  while (!cursor.isAtEnd) cursor.next();
  return cursor.rid;
}

/**
 * A chunk in which the masks of a row are these in the columns of `columns`, and in other columns what they were. The same
 * bytes when nothing changes.
 */
export function editPostings(
  bytes: Uint8Array,
  key: number,
  rid: number,
  columns: number,
  masks: { readonly mask: number; readonly first: number; readonly only: number },
): Uint8Array {
  const cursor = new Cursor(bytes, key);
  let before = key;
  let start = 0;
  while (!cursor.isAtEnd) {
    start = cursor.at;
    before = cursor.rid;
    cursor.next();
    if (cursor.rid >= rid) break;
    start = cursor.at;
    before = cursor.rid;
  }
  const isThere = start < bytes.length && cursor.rid === rid;
  const keep = isThere ? ~columns : 0;
  const mask = (cursor.mask & keep) | masks.mask;
  const first = (cursor.first & keep) | masks.first;
  const only = (cursor.only & keep) | masks.only;
  const isSame = isThere
    ? mask === cursor.mask && first === cursor.first && only === cursor.only
    : mask === 0;
  if (isSame) return bytes;
  // What follows is written with another distance.
  let rest = start;
  let next: PostingList = [];
  if (isThere) rest = cursor.at;
  const follower = isThere ? !cursor.isAtEnd : start < bytes.length;
  if (follower) {
    if (isThere) cursor.next();
    rest = cursor.at;
    next = [cursor.rid, cursor.mask, cursor.first, cursor.only];
  }
  const own = mask === 0 ? [] : [rid, mask, first, only];
  const middle = writePostings([...own, ...next], 0, own.length + next.length, before);
  const edited = new Uint8Array(start + middle.length + bytes.length - rest);
  edited.set(bytes.subarray(0, start));
  edited.set(middle, start);
  edited.set(bytes.subarray(rest), start + middle.length);
  return edited;
}

/** Grows with what is written; reused. */
let buffer = new Uint8Array(16_384);

/** Packs postings `from` to `to` (positions in the list) as a chunk with a key that is not greater than the first row. */
export function writePostings(
  list: PostingList,
  from: number,
  to: number,
  key: number,
): Uint8Array<ArrayBuffer> {
  const most = ((to - from) / postingWidth) * 24;
  if (buffer.length < most) buffer = new Uint8Array(most);
  let before = key;
  let at = 0;
  for (let i = from; i < to; i += postingWidth) {
    const rid = list[i] ?? 0;
    const mask = list[i + 1] ?? 0;
    const first = list[i + 2] ?? 0;
    const only = list[i + 3] ?? 0;
    const form =
      first === 0 && only === 0 ? 0 : first === mask && only === 0 ? 1 : only === mask ? 2 : 3;
    at = writeNumber((rid - before) * 4 + form, at);
    at = writeNumber(mask, at);
    if (form === 3) at = writeNumber(only, writeNumber(first, at));
    before = rid;
  }
  return buffer.slice(0, at);
}

function writeNumber(value: number, from: number): number {
  let at = from;
  let rest = value;
  while (rest > 127) {
    buffer[at++] = (rest % 128) | 128;
    rest = Math.floor(rest / 128);
  }
  buffer[at++] = rest;
  return at;
}
