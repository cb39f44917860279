import { dataverseErrors, parseGuid } from '@outpost/model';
import { HttpError } from '../server-error.ts';

/** What stands in parentheses behind a name: nothing, a key, or named values. */
export type AddressArguments =
  | { readonly kind: 'none' }
  | { readonly kind: 'id'; readonly id: string }
  | { readonly kind: 'named'; readonly values: ReadonlyMap<string, AddressValue> };

/** A value in an address; quoted ones are texts. */
export interface AddressValue {
  readonly text: string;
  readonly quoted: boolean;
}

/** A part of a path between two slashes. */
export interface AddressSegment {
  readonly name: string;
  readonly args: AddressArguments;
}

/** An address below the root of the Web API, taken apart. */
export interface Address {
  readonly segments: readonly AddressSegment[];
  /** Decoded query options. */
  readonly options: Readonly<Record<string, string>>;
}

export const webApiRoot: RegExp = /^\/api\/data\/v9\.\d{1,2}(?=\/|\?|$)/;
const maxLength = 65_536;

/** Whether a path belongs to the Web API. */
export function isWebApi(url: string): boolean {
  return webApiRoot.test(url);
}

/** Parses `accounts(...)/contact_customer_accounts?$select=...`, relative to the root. Throws `HttpError`. */
export function parseAddress(url: string): Address {
  if (url.length > maxLength) throw new HttpError(414, uriError, 'The address is too long.');
  const mark = url.indexOf('?');
  const path = decode(mark < 0 ? url : url.slice(0, mark));
  return {
    segments: split(path, '/')
      .filter((one) => one !== '')
      .map(parseSegment),
    options: parseOptions(mark < 0 ? '' : url.slice(mark + 1)),
  };
}

const uriError = dataverseErrors.badRequest;

export function badAddress(message: string): HttpError {
  return new HttpError(400, uriError, message);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw badAddress('The address is not encoded as it should be.');
  }
}

function parseOptions(query: string): Readonly<Record<string, string>> {
  const options: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const part of query.split('&')) {
    if (part === '') continue;
    const at = part.indexOf('=');
    const name = decode((at < 0 ? part : part.slice(0, at)).replaceAll('+', ' '));
    const value = at < 0 ? '' : decode(part.slice(at + 1).replaceAll('+', ' '));
    if (Object.hasOwn(options, name)) throw badAddress(`"${name}" is given twice.`);
    options[name] = value;
  }
  return options;
}

/** Splits outside of quotes. */
function split(text: string, separator: string): readonly string[] {
  const parts: string[] = [];
  let from = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === "'") quoted = !quoted;
    if (text[at] !== separator || quoted) continue;
    parts.push(text.slice(from, at));
    from = at + 1;
  }
  parts.push(text.slice(from));
  return parts;
}

function parseSegment(text: string): AddressSegment {
  const open = text.indexOf('(');
  if (open < 0) return { name: text, args: { kind: 'none' } };
  if (!text.endsWith(')')) throw badAddress(`"${text}" has no closing parenthesis.`);
  return { name: text.slice(0, open), args: parseArguments(text.slice(open + 1, -1)) };
}

function parseArguments(text: string): AddressArguments {
  if (text.trim() === '') return { kind: 'none' };
  const id = parseGuid(text);
  if (id !== null) return { kind: 'id', id };
  const values = new Map<string, AddressValue>();
  for (const item of split(text, ',')) {
    const at = item.indexOf('=');
    const name = item.slice(0, Math.max(0, at)).trim();
    const raw = item.slice(at + 1).trim();
    const quoted = raw.startsWith("'");
    const isValue = quoted ? /^'(?:[^']|'')*'$/.test(raw) : !raw.includes("'");
    if (!/^[\w@.]+$/.test(name) || !isValue) throw badAddress(`"${item.trim()}" is no key.`);
    values.set(name, {
      text: quoted ? raw.slice(1, -1).replaceAll("''", "'") : raw,
      quoted,
    });
  }
  return { kind: 'named', values };
}
