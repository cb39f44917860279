import { fold, isLookupValue, type RowValues } from '@outpost/model';
import type { Rank } from '../src/index.ts';
import { contactFind } from './world.ts';

/** Searches by looking at every row: what the index must agree with. Written from the meaning, not from the code. */
export interface OracleRow {
  readonly id: string;
  readonly values: RowValues;
}

const order: readonly Rank[] = ['exact', 'value', 'firstToken', 'token', 'infix', 'typo1', 'typo2'];
const labels: Readonly<Record<number, string>> = { 1: 'Very Hot', 2: 'Warm', 3: 'Cold, Łódź' };

/** Optimal string alignment distance, by the whole table. */
export function distance(a: string, b: string): number {
  const d = Array.from({ length: a.length + 1 }, (_, i) =>
    Array.from({ length: b.length + 1 }, (_, j) => (i === 0 ? j : j === 0 ? i : 0)),
  );
  const at = (i: number, j: number) => d[i]?.[j] ?? 0;
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let cost = Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, at(i - 1, j - 1) + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        cost = Math.min(cost, at(i - 2, j - 2) + 1);
      }
      (d[i] ?? [])[j] = cost;
    }
  }
  return at(a.length, b.length);
}

const known = new Map<string, number>();

/** Edits from a word to a token, of the last word to the beginning of it that is nearest. */
export function nearest(word: string, token: string, isLast: boolean): number {
  const key = `${word} ${token} ${isLast}`;
  const found =
    known.get(key) ??
    Math.min(
      ...(isLast ? Array.from({ length: token.length + 1 }, (_, n) => n) : [token.length]).map(
        (n) => distance(word, token.slice(0, n)),
      ),
    );
  known.set(key, found);
  return found;
}

export function allowed(word: string): number {
  return /^[0-9]+$/.test(word) || word.length < 4 ? 0 : word.length < 8 ? 1 : 2;
}

interface Text {
  readonly column: string;
  readonly value: string;
  readonly tokens: readonly string[];
  /** Place of the first token; of several labels nothing is first. */
  readonly first: string | null;
  /** Own text of the row, which is compared with the term as a whole. */
  readonly isOwn: boolean;
}

const tokensOf = (folded: string) =>
  (folded.slice(0, 4096).match(/[\p{L}\p{N}]+/gu) ?? []).map((one) => one.slice(0, 64));

function textsOf(values: RowValues, nameOf: (id: string) => string | null): readonly Text[] {
  return contactFind.flatMap((column): readonly Text[] => {
    const value = values[column] ?? null;
    const text = (shown: string, isOwn: boolean, digits = true, hasFirst = true): Text => {
      const folded = fold(shown);
      const tokens = tokensOf(folded).filter((one) => digits || !/^[0-9]+$/.test(one));
      const starts = hasFirst && tokens[0] !== undefined && folded.startsWith(tokens[0]);
      return { column, value: folded, tokens, first: starts ? (tokens[0] ?? null) : null, isOwn };
    };
    if (value === null) return [];
    if (isLookupValue(value)) return [text(nameOf(value.id) ?? value.name ?? '', false)];
    if (column === 'level') return [text(labels[Number(value)] ?? '', false)];
    if (column === 'isvip') return [text(value === true ? 'VIP' : 'Standard', false)];
    if (column === 'levels' && Array.isArray(value)) {
      return [text(value.map((one) => labels[Number(one)] ?? '').join('; '), false, true, false)];
    }
    if (column === 'telephone1') return [text(String(value), false, false)];
    return ['fullname', 'city', 'emailaddress1', 'description'].includes(column)
      ? [text(String(value), true)]
      : [];
  });
}

export interface OracleOptions {
  readonly anyColumn: boolean;
  readonly isInfix: boolean;
  readonly withTypos: boolean;
}

/** The rank of a row, or null when it does not match. */
export function rankRow(
  { values }: OracleRow,
  typed: string,
  { anyColumn, isInfix, withTypos }: OracleOptions,
  nameOf: (id: string) => string | null,
): Rank | null {
  const text = typed.trim();
  const folded = fold(text);
  const words = [...folded.matchAll(/[\p{L}\p{N}]+/gu)].slice(0, 12).map((found, i, all) => ({
    word: found[0].slice(0, 64),
    isAnywhere: folded[found.index - 1] === '*',
    isLast: i === all.length - 1,
  }));
  const texts = textsOf(values, nameOf);
  const found: Rank[] = [];
  const one = (word: (typeof words)[number], { tokens, first, value }: Text): Rank | null => {
    if (first !== null && value === word.word) return 'exact';
    if (first?.startsWith(word.word) === true) return 'value';
    if (tokens.some((token) => token.startsWith(word.word))) return 'token';
    const inside = word.isAnywhere || (isInfix && word.word.length >= 3);
    if (inside && tokens.some((token) => token.includes(word.word))) return 'infix';
    const most = withTypos ? allowed(word.word) : 0;
    const least = Math.min(...tokens.map((token) => nearest(word.word, token, word.isLast)));
    return most > 0 && least <= most ? (least === 1 ? 'typo1' : 'typo2') : null;
  };
  const best = (list: readonly (Rank | null)[]) =>
    order.find((rank) => list.includes(rank)) ?? null;
  const worst = (list: readonly Rank[]) => [...order].reverse().find((rank) => list.includes(rank));
  const digits = String(values['telephone1'] ?? '').replace(/[^0-9]/g, '');
  const phone = (wanted: string): Rank | null => {
    if (wanted === '' || digits === '') return null;
    if (digits === wanted) return 'exact';
    if (digits.startsWith(wanted)) return 'value';
    return wanted.length >= 3 && digits.includes(wanted) ? 'token' : null;
  };
  const isNumber = (wanted: number) =>
    ['age', 'revenue'].some((name) => typeof values[name] === 'number' && values[name] === wanted);
  const single = words.length === 1;
  const soften = (rank: Rank | null): Rank | null =>
    !single && (rank === 'exact' || rank === 'value') ? 'firstToken' : rank;
  if (words.length > 0) {
    if (anyColumn) {
      const each = words.map((word) => {
        const list = texts.map((one_) => one(word, one_));
        if (!single && /^[0-9]+$/.test(word.word)) {
          list.push(isNumber(Number(word.word)) ? 'exact' : null, phone(word.word));
        }
        return soften(best(list));
      });
      if (each.every((rank) => rank !== null)) found.push(worst(each) ?? 'token');
    } else {
      const shared = texts.filter((text_) => words.every((word) => one(word, text_) !== null));
      if (shared.length > 0) {
        const each = words.map((word) => soften(best(shared.map((text_) => one(word, text_)))));
        found.push(worst(each.filter((rank) => rank !== null)) ?? 'token');
      }
    }
  }
  if (words.length > 1 && found.length > 0) {
    const [first, last] = [folded.search(/[\p{L}\p{N}]/u), words.at(-1)];
    const matches = [...folded.matchAll(/[\p{L}\p{N}]+/gu)].slice(0, 12);
    const end = (matches.at(-1)?.index ?? 0) + (matches.at(-1)?.[0].length ?? 0);
    const core = folded.slice(first, end);
    if (last !== undefined) {
      for (const { isOwn, value } of texts) {
        if (isOwn && value === core) found.push('exact');
        else if (isOwn && value.startsWith(core)) found.push('value');
      }
    }
  }
  const plain = text.replaceAll('*', '').replaceAll(',', '');
  if (/^[-+]?\d{1,15}$/.test(plain) && values['age'] === Number(plain)) found.push('exact');
  if (/^[-+]?\d{1,15}(\.\d{1,10})?$/.test(plain) && values['revenue'] === Number(plain)) {
    found.push('exact');
  }
  if (/^[0-9 +()./-]*$/.test(text)) {
    const all = text.replace(/[^0-9]/g, '');
    const stripped = all.replace(/^0+/, '');
    found.push(...[phone(stripped.length >= 3 ? stripped : all)].filter((rank) => rank !== null));
  }
  return best(found);
}
