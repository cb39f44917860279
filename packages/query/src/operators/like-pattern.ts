import { fold } from '@outpost/model';

/** A piece of a Dataverse pattern over folded text. */
export type PatternToken =
  | { readonly kind: 'text'; readonly text: string }
  /** Any run of characters. */
  | { readonly kind: 'any' }
  | { readonly kind: 'one' }
  /** One character that is, or is not, in a set of characters and ranges. */
  | {
      readonly kind: 'set';
      readonly negated: boolean;
      readonly ranges: readonly (readonly [string, string])[];
    };

/** The simplest form that decides the same. */
export type LikePattern =
  | { readonly form: 'exact' | 'prefix' | 'contains' | 'suffix'; readonly text: string }
  /** Every text. */
  | { readonly form: 'anything' }
  | { readonly form: 'tokens'; readonly tokens: readonly PatternToken[] };

/**
 * Reads a pattern: `%` any run, `_` one character, `[a-f]` and `[^a-f]` sets in which the first character is always a
 * member. An unclosed `[` is literal.
 */
export function parsePattern(pattern: string): LikePattern {
  return simplify(tokens(fold(pattern)));
}

function tokens(text: string): readonly PatternToken[] {
  const found: PatternToken[] = [];
  const characters = [...text];
  let literal = '';
  const flush = () => {
    if (literal !== '') found.push({ kind: 'text', text: literal });
    literal = '';
  };
  for (let i = 0; i < characters.length; i++) {
    const character = characters[i] ?? '';
    if (character === '%') {
      flush();
      if (found.at(-1)?.kind !== 'any') found.push({ kind: 'any' });
    } else if (character === '_') {
      flush();
      found.push({ kind: 'one' });
    } else if (character === '[') {
      const negated = characters[i + 1] === '^';
      const first = i + (negated ? 2 : 1);
      const close = characters.indexOf(']', first + 1);
      if (close < 0) literal += character;
      else {
        flush();
        found.push({ kind: 'set', negated, ranges: rangesOf(characters.slice(first, close)) });
        i = close;
      }
    } else literal += character;
  }
  flush();
  return found;
}

function rangesOf(members: readonly string[]): readonly (readonly [string, string])[] {
  const ranges: [string, string][] = [];
  for (let i = 0; i < members.length; i++) {
    const from = members[i] ?? '';
    const to = members[i + 2];
    if (members[i + 1] === '-' && to !== undefined) {
      ranges.push([from, to]);
      i += 2;
    } else ranges.push([from, from]);
  }
  return ranges;
}

function simplify(parts: readonly PatternToken[]): LikePattern {
  const [first, second, third] = parts;
  if (first === undefined) return { form: 'exact', text: '' };
  if (parts.length === 1 && first.kind === 'any') return { form: 'anything' };
  if (parts.length === 1 && first.kind === 'text') return { form: 'exact', text: first.text };
  if (parts.length === 2 && first.kind === 'text' && second?.kind === 'any') {
    return { form: 'prefix', text: first.text };
  }
  if (parts.length === 2 && first.kind === 'any' && second?.kind === 'text') {
    return { form: 'suffix', text: second.text };
  }
  const within = first.kind === 'any' && second?.kind === 'text' && third?.kind === 'any';
  if (parts.length === 3 && within) return { form: 'contains', text: second.text };
  return { form: 'tokens', tokens: parts };
}

/** The pattern for SQLite's GLOB. A member `]` or `^` or `-` stands where it cannot be misread. */
export function toGlob(parts: readonly PatternToken[]): string {
  return parts.map(globToken).join('');
}

function globToken(token: PatternToken): string {
  switch (token.kind) {
    case 'any':
      return '*';
    case 'one':
      return '?';
    case 'text':
      return token.text.replace(/[*?[]/g, (character) => `[${character}]`);
    case 'set':
      return globSet(token);
    default:
      return token satisfies never;
  }
}

function globSet({ negated, ranges }: Extract<PatternToken, { kind: 'set' }>): string {
  const usable = ranges.filter(([from, to]) => isOrdered(from, to)).flatMap(splitCaret);
  if (usable.length === 0) return negated ? '?' : '[^\u0001-\u{10ffff}]';
  const single = (character: string) =>
    usable.some(([from, to]) => from === character && to === character) ? character : '';
  const others = usable.filter(([from, to]) => from !== to || !/[\]^-]/u.test(from));
  const middle = others.map(([from, to]) => (from === to ? from : `${from}-${to}`)).join('');
  const members = `${single(']')}${middle}${single('^')}${single('-')}`;
  // After `[` a caret would negate; outside of a set it is itself.
  if (!negated && members === '^') return '^';
  if (!negated && members === '^-') return '[-^]';
  return `[${negated ? '^' : ''}${members}]`;
}

/** A range that begins with a caret, as the caret and the rest: a set must not begin with one. */
function splitCaret([from, to]: readonly [string, string]): readonly (readonly [string, string])[] {
  return from === '^' && to !== '^'
    ? [
        ['^', '^'],
        ['_', to],
      ]
    : [[from, to]];
}

function isOrdered(from: string, to: string): boolean {
  return (from.codePointAt(0) ?? 0) <= (to.codePointAt(0) ?? 0);
}

/** The same pattern as a regular expression over code points, for PostgreSQL. */
export function toRegExpSource(parts: readonly PatternToken[]): string {
  const inside = parts.map((token) => {
    switch (token.kind) {
      case 'any':
        return '[\\s\\S]*';
      case 'one':
        return '[\\s\\S]';
      case 'text':
        return escapeRegExp(token.text);
      case 'set': {
        const members = token.ranges
          .filter(([from, to]) => isOrdered(from, to))
          .map(([from, to]) =>
            from === to ? escapeMember(from) : `${escapeMember(from)}-${escapeMember(to)}`,
          );
        if (members.length === 0) return token.negated ? '[\\s\\S]' : '[^\\s\\S]';
        return `[${token.negated ? '^' : ''}${members.join('')}]`;
      }
      default:
        return token satisfies never;
    }
  });
  return `^${inside.join('')}$`;
}

function escapeRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}

/** Inside of a set a hyphen makes a range; outside, to escape it is an error. */
function escapeMember(character: string): string {
  return character === '-' ? '\\-' : escapeRegExp(character);
}

/** Whether a folded text matches. */
export function patternTest(pattern: LikePattern): (text: string) => boolean {
  switch (pattern.form) {
    case 'anything':
      return () => true;
    case 'exact':
      return (text) => text === pattern.text;
    case 'prefix':
      return (text) => text.startsWith(pattern.text);
    case 'suffix':
      return (text) => text.endsWith(pattern.text);
    case 'contains':
      return (text) => text.includes(pattern.text);
    case 'tokens':
      return (text) => matches(pattern.tokens, text);
    default:
      return pattern satisfies never;
  }
}

/**
 * Only the last run of any characters is ever made longer: what came before it has matched as early as it can. So the
 * work is at most text times pattern, where a regular expression may try every way to share the text among the runs.
 */
function matches(tokens: readonly PatternToken[], text: string): boolean {
  let at = 0;
  let next = 0;
  /** Token after the last run, and where the text goes on after it; -1: there was no run. */
  let [afterRun, runEnd] = [-1, 0];
  for (;;) {
    const token = tokens[next];
    if (token === undefined) {
      if (at === text.length) return true;
    } else if (token.kind === 'any') {
      next += 1;
      [afterRun, runEnd] = [next, at];
      continue;
    } else {
      const end = endOf(token, text, at);
      if (end >= 0) {
        at = end;
        next += 1;
        continue;
      }
    }
    if (afterRun < 0 || runEnd >= text.length) return false;
    runEnd += widthAt(text, runEnd);
    const first = tokens[afterRun];
    if (first?.kind === 'text') {
      runEnd = text.indexOf(first.text, runEnd);
      if (runEnd < 0) return false;
    }
    [at, next] = [runEnd, afterRun];
  }
}

/** Where a token that begins at `at` ends; -1: it is not there. */
function endOf(token: Exclude<PatternToken, { kind: 'any' }>, text: string, at: number): number {
  if (token.kind === 'text') return text.startsWith(token.text, at) ? at + token.text.length : -1;
  const code = text.codePointAt(at);
  if (code === undefined) return -1;
  const isMember =
    token.kind === 'one' ||
    token.negated !==
      token.ranges.some(
        ([from, to]) => (from.codePointAt(0) ?? 0) <= code && code <= (to.codePointAt(0) ?? 0),
      );
  return isMember ? at + widthAt(text, at) : -1;
}

/** Code units of the character there. */
function widthAt(text: string, at: number): number {
  return (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
}

/** A pattern that matches exactly the given text. */
export function escapePattern(text: string): string {
  return text.replace(/[%_[]/g, (character) => `[${character}]`);
}
