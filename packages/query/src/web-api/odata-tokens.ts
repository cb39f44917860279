import { QueryError } from '../query-error.ts';

export type ODataToken =
  | { readonly kind: 'name'; readonly text: string; readonly at: number }
  | {
      readonly kind: 'literal';
      readonly text: string;
      readonly quoted: boolean;
      readonly at: number;
    }
  | { readonly kind: 'mark'; readonly text: string; readonly at: number };

const maxLength = 32_000;
const marks: ReadonlySet<string> = new Set(['(', ')', '[', ']', ',', '/', ':', '=', ';']);
const guid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/i;
const dateTime = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[-+]\d{2}:\d{2})?)?/;
const number = /^-?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?/;
const name = /^[A-Za-z_@$][A-Za-z0-9_.@$]*/;

export function odataError(option: string, message: string, at?: number): QueryError {
  const where = at === undefined ? '' : ` at character ${at + 1}`;
  return new QueryError('schema', `${option}: ${message}${where}.`, 'Correct the query option.');
}

/** Splits an OData expression; texts in single quotes, a quote inside doubled. */
export function odataTokens(option: string, text: string): readonly ODataToken[] {
  if (text.length > maxLength) throw odataError(option, `longer than ${maxLength} characters`);
  const tokens: ODataToken[] = [];
  let at = 0;
  while (at < text.length) {
    const rest = text.slice(at, at + 300);
    const first = rest.charAt(0);
    if (/\s/.test(first)) {
      at += 1;
      continue;
    }
    if (marks.has(first)) {
      tokens.push({ kind: 'mark', text: first, at });
      at += 1;
      continue;
    }
    if (first === "'") {
      const end = endOfText(option, text, at);
      tokens.push({
        kind: 'literal',
        text: text.slice(at + 1, end).replaceAll("''", "'"),
        quoted: true,
        at,
      });
      at = end + 1;
      continue;
    }
    const literal = (guid.exec(rest) ?? dateTime.exec(rest) ?? number.exec(rest))?.[0];
    if (literal !== undefined) {
      tokens.push({ kind: 'literal', text: literal, quoted: false, at });
      at += literal.length;
      continue;
    }
    const word = name.exec(rest)?.[0];
    if (word === undefined) throw odataError(option, `unexpected "${first}"`, at);
    const constant = ['true', 'false', 'null'].includes(word);
    tokens.push(
      constant
        ? { kind: 'literal', text: word, quoted: false, at }
        : { kind: 'name', text: word, at },
    );
    at += word.length;
  }
  return tokens;
}

function endOfText(option: string, text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text.charAt(at) !== "'") continue;
    if (text.charAt(at + 1) !== "'") return at;
    at += 1;
  }
  throw odataError(option, 'a text without end', start);
}
