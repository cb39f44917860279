import { DecodeError, type Decoder, list, name, object, whole } from '../protocol/decode.ts';
import { messageLimits } from '../protocol/limits.ts';
import type { Hint } from '../transport.ts';

const hint: Decoder<Hint> = object<Hint>({
  tables: list(name, messageLimits.tables),
  jitterMs: whole,
});
/** Characters of an event; nothing that is meant is longer. */
const longest = 100_000;

/** Reads server-sent events of type `hint`. What is not understood is left out: hints are advisory. */
export class HintReader {
  #rest = '';

  /** Hints that are complete with this piece of the stream. */
  take(piece: string): readonly Hint[] {
    const parts = (this.#rest + piece).split(/\r?\n\r?\n/);
    this.#rest = (parts.pop() ?? '').slice(-longest);
    return parts.flatMap(readEvent);
  }
}

function readEvent(event: string): readonly Hint[] {
  const lines = event.split(/\r?\n/);
  if (!lines.includes('event: hint')) return [];
  const data = lines
    .filter((line) => line.startsWith('data:'))
    .map((line) => line.slice(5))
    .join('\n');
  try {
    return [hint(JSON.parse(data), '')];
  } catch (error) {
    if (error instanceof DecodeError || error instanceof SyntaxError) return [];
    throw error;
  }
}
