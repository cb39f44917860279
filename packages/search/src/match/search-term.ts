import { fold } from '@outpost/model';
import { digitsOf, isDigits, tokensOf } from '../terms/tokenize.ts';

/** One word of a typed term. */
export interface SearchWord {
  readonly text: string;
  /** A `*` stands before it: it may stand anywhere in a token. */
  readonly isAnywhere: boolean;
  /** It is what somebody is still typing. */
  readonly isLast: boolean;
}

/** A typed term, read. */
export interface SearchTerm {
  readonly text: string;
  readonly words: readonly SearchWord[];
  /** Folded, without punctuation at both ends: what a value is compared with as a whole. */
  readonly core: string;
  /** Digits of a term that is a telephone number, without leading zeros; null: it is none. */
  readonly phone: string | null;
}

/** Words are read from so many characters. */
const maxTermLength = 200;
/** Words after these are not looked at. */
const maxWords = 12;
const phoneShape = /^[0-9 +()./-]*$/;

export function readTerm(typed: string): SearchTerm {
  const text = typed.trim();
  const folded = fold(text.slice(0, maxTermLength));
  const tokens = tokensOf(folded).slice(0, maxWords);
  const words = tokens.map((token, i) => ({
    text: token.text,
    isAnywhere: folded[token.start - 1] === '*',
    isLast: i === tokens.length - 1,
  }));
  const [first, last] = [tokens[0], tokens.at(-1)];
  const core =
    first === undefined || last === undefined
      ? ''
      : folded.slice(first.start, last.start + last.length);
  const digits = digitsOf(text.slice(0, maxTermLength));
  const stripped = digits.replace(/^0+/, '');
  const isPhone = digits !== '' && text.length <= maxTermLength && phoneShape.test(text);
  return {
    text,
    words,
    core,
    phone: isPhone ? (stripped.length >= 3 ? stripped : digits) : null,
  };
}

/** Edits that a word may need: none below 4 characters, one below 8, else two; numbers must be right. */
export function typosOf(word: string): number {
  if (isDigits(word)) return 0;
  return word.length < 4 ? 0 : word.length < 8 ? 1 : 2;
}
