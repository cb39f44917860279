import type { Cell } from '@outpost/model';
import { messageLimits } from './limits.ts';

/** Strict decoders: unknown members are ignored, a wrong member is an error that names its path. */
export type Decoder<T> = (value: unknown, path: string) => T;

export class DecodeError extends Error {
  constructor(path: string, expected: string) {
    super(`${path === '' ? 'The message' : path} must be ${expected}.`);
    this.name = 'DecodeError';
  }
}

export const text: Decoder<string> = (value, path) => {
  if (typeof value !== 'string') throw new DecodeError(path, 'text');
  return value;
};

/** Text of so many characters at most. */
export function textUpTo(most: number): Decoder<string> {
  return (value, path) => {
    const found = text(value, path);
    if (found.length > most) throw new DecodeError(path, `text of at most ${most} characters`);
    return found;
  };
}

/** An id, a name, a hash, a time. */
export const name: Decoder<string> = textUpTo(messageLimits.name);

/** What people read, or a token. */
export const shortText: Decoder<string> = textUpTo(messageLimits.text);

export const whole: Decoder<number> = (value, path) => {
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) {
    throw new DecodeError(path, 'a whole number');
  }
  return value;
};

export const flag: Decoder<boolean> = (value, path) => {
  if (typeof value !== 'boolean') throw new DecodeError(path, 'true or false');
  return value;
};

export const anyJson: Decoder<unknown> = (value) => value;

/** A stored cell: text, a finite number or null. */
export const cell: Decoder<string | number | null> = (value, path) => {
  if (value === null || typeof value === 'string') return value;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw new DecodeError(path, 'text, a number or null');
};

/** Rows of one table in one answer. */
const maxRows = messageLimits.changedRows;

/** Rows of cells, as they are: most of what travels, so nothing is copied and a path is only made for an error. */
export const cellRows: Decoder<readonly (readonly Cell[])[]> = (value, path) => {
  if (!Array.isArray(value)) throw new DecodeError(path, 'a list');
  if (value.length > maxRows) throw new DecodeError(path, `a list of at most ${maxRows} items`);
  for (let i = 0; i < value.length; i++) {
    const row: unknown = value[i];
    if (!Array.isArray(row)) throw new DecodeError(`${path}[${i}]`, 'a list');
    for (let j = 0; j < row.length; j++) {
      const one: unknown = row[j];
      if (one === null || typeof one === 'string' || Number.isFinite(one)) continue;
      throw new DecodeError(`${path}[${i}][${j}]`, 'text, a number or null');
    }
  }
  return value;
};

export function nullable<T>(decoder: Decoder<T>): Decoder<T | null> {
  return (value, path) => (value === null || value === undefined ? null : decoder(value, path));
}

/** A member that older clients do not send. */
export function optional<T>(decoder: Decoder<T>, absent: T): Decoder<T> {
  return (value, path) => (value === undefined ? absent : decoder(value, path));
}

export function list<T>(decoder: Decoder<T>, max: number): Decoder<readonly T[]> {
  return (value, path) => {
    if (!Array.isArray(value)) throw new DecodeError(path, 'a list');
    if (value.length > max) throw new DecodeError(path, `a list of at most ${max} items`);
    return value.map((item, i) => decoder(item, `${path}[${i}]`));
  };
}

export function record<T>(decoder: Decoder<T>, max: number): Decoder<Readonly<Record<string, T>>> {
  return (value, path) => {
    const entries = Object.entries(plainObject(value, path));
    if (entries.length > max) throw new DecodeError(path, `an object of at most ${max} members`);
    return Object.fromEntries(
      entries.map(([key, item]) => {
        // A path that is too long would be an error that is too long.
        name(key, `A name in ${path}`);
        return [key, decoder(item, `${path}.${key}`)];
      }),
    );
  };
}

export function oneOf<const T extends string>(...names: readonly T[]): Decoder<T> {
  return (value, path) => {
    const found = names.find((name) => name === value);
    if (found === undefined) throw new DecodeError(path, `one of ${names.join(', ')}`);
    return found;
  };
}

export function object<T extends object>(
  members: {
    readonly [K in keyof T]: Decoder<T[K]>;
  },
): Decoder<T> {
  const names = Object.keys(members) as (keyof T & string)[];
  return (value, path) => {
    const source = plainObject(value, path);
    const decoded: Partial<T> = {};
    for (const name of names) {
      const member = Object.hasOwn(source, name) ? source[name] : undefined;
      decoded[name] = members[name](member, path === '' ? name : `${path}.${name}`);
    }
    return decoded as T;
  };
}

function plainObject(value: unknown, path: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new DecodeError(path, 'an object');
  }
  return value as Record<string, unknown>;
}
