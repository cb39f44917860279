/** Moves text between JavaScript and the engine's memory as UTF-8. */
export interface TextCodec {
  /** Writes well-formed text at `at`; there is room for three bytes per code unit. Returns the bytes written. */
  write(text: string, heap: Uint8Array<ArrayBuffer>, at: number): number;
  read(heap: Uint8Array<ArrayBuffer>, from: number, to: number): string;
}

/** The codec of every platform; a platform with something faster brings its own. */
export function portableCodec(): TextCodec {
  const encoder = new TextEncoder();
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  return {
    write: (text, heap, at) => encoder.encodeInto(text, heap.subarray(at)).written,
    read: (heap, from, to) => decoder.decode(heap.subarray(from, to)),
  };
}
