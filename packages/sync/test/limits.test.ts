import { expect, test } from 'vitest';
import { DecodeError, type Decoder, inPieces } from '../src/protocol/index.ts';
import { messages } from './messages.ts';

type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

const kinds = Object.entries(messages).map(
  ([kind, [decode, message]]) =>
    [kind, decode as Decoder<unknown>, JSON.parse(JSON.stringify(message)) as Json] as const,
);

/** What is the organization's word about itself, and what people have written, is bounded by the body only. */
const unbounded = /^model\b|\.(set|base)\.[^.]*$|\brows\[\d+\]/;

/** Every text and every list of a message, by its path. */
function places(value: Json, path = ''): readonly string[] {
  if (typeof value === 'string') return [path];
  if (value === null || typeof value !== 'object') return [];
  const inside = Array.isArray(value)
    ? (value as readonly Json[]).flatMap((item, i) => places(item, `${path}[${i}]`))
    : Object.entries(value).flatMap(([name, item]) =>
        places(item, path === '' ? name : `${path}.${name}`),
      );
  return Array.isArray(value) ? [path, ...inside] : inside;
}

function changed(value: Json, steps: readonly string[], change: (at: Json) => Json): Json {
  const [step, ...rest] = steps;
  if (step === undefined) return change(value);
  if (Array.isArray(value)) {
    return (value as readonly Json[]).map((item, i) =>
      String(i) === step ? changed(item, rest, change) : item,
    );
  }
  return Object.fromEntries(
    Object.entries(value as { readonly [name: string]: Json }).map(([name, item]) => [
      name,
      name === step ? changed(item, rest, change) : item,
    ]),
  );
}

const stepsOf = (path: string) => path.split(/[.[\]]+/).filter((step) => step !== '');

/** A text of so many characters, or a list of so many times its first item. */
const ofLength = (most: number) => (at: Json) =>
  typeof at === 'string'
    ? 'x'.repeat(most)
    : Array.from({ length: most }, () => (at as readonly Json[])[0] ?? 'x');

/** Why a message is refused; null: it is not. */
function refusal(decode: Decoder<unknown>, message: Json): string | null {
  try {
    decode(message, '');
    return null;
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return error.message;
  }
}

/** The limit of a place, as the refusal of something far beyond says it. */
const limitIn = (message: string | null) => Number(/at most (\d+)/.exec(message ?? '')?.[1]);

test('O01a: every text and every list of every message has a limit, which the refusal says; up to it nothing is refused', () => {
  const found: string[] = [];
  for (const [kind, decode, message] of kinds) {
    for (const path of new Set(places(message))) {
      if (unbounded.test(path)) continue;
      const at = (most: number) => refusal(decode, changed(message, stepsOf(path), ofLength(most)));
      const isText = typeof read(message, stepsOf(path)) === 'string';
      const beyond = at(isText ? 2_000_000 : 60_000);
      // One of a few words, or of a fixed number: nothing else is ever taken.
      if (beyond !== null && !/at most/.test(beyond)) continue;
      const limit = limitIn(beyond);
      expect([kind, path, limit > 0]).toEqual([kind, path, true]);
      found.push(`${kind} ${path} ${limit}`);
      expect([kind, path, at(limit + 1)]).toEqual([kind, path, beyond]);
      expect([kind, path, at(10 * limit)]).toEqual([kind, path, beyond]);
      for (const most of [limit - 1, limit]) {
        expect([kind, path, limitIn(at(most))]).toEqual([kind, path, Number.NaN]);
      }
    }
  }
  expect(found.length).toBeGreaterThan(100);
});

function read(value: Json, steps: readonly string[]): Json {
  return steps.reduce<Json>(
    (at, step) => (at as { readonly [name: string]: Json })[step] ?? null,
    value,
  );
}

test('a list comes apart into pieces within the limit, in order, and is whole again', () => {
  for (const count of [0, 1, 9, 10, 11, 100]) {
    const all = Array.from({ length: count }, (_, i) => i);
    const pieces = inPieces(all, 10);
    expect(pieces.flat()).toEqual(all);
    expect(Math.max(...pieces.map((one) => one.length))).toBeLessThanOrEqual(10);
    expect(pieces).toHaveLength(Math.max(1, Math.ceil(count / 10)));
  }
});
