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
