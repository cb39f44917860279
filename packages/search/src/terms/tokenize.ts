/** Counts changes of what a token is; part of an index's fingerprint. */
export const tokenizerVersion = 1;

/** Tokens and words are compared by so many UTF-16 units from their beginning. */
export const maxToken = 64;
/** So much of a folded value is indexed. */
export const maxIndexed = 4096;

/** A run of letters and digits in a folded text. */
export interface Token {
  readonly text: string;
  /** Offset of the run. */
  readonly start: number;
  /** Length of the run; longer than the text when that was cut. */
  readonly length: number;
}

const wordCharacter = /[\p{L}\p{N}]/u;
/** Of the ASCII characters: whether they belong to words. Folded text has no capitals. */
const asciiWord = Uint8Array.from({ length: 128 }, (_, code) =>
  wordCharacter.test(String.fromCharCode(code)) ? 1 : 0,
);

/** The maximal runs of letters and digits of a folded text. Text without spaces is one run per phrase. */
export function tokensOf(folded: string): readonly Token[] {
  const tokens: Token[] = [];
  const end = folded.length;
  let at = 0;
  while (at < end) {
    const start = at;
    while (at < end) {
      const width = wordWidth(folded, at);
      if (width === 0) break;
      at += width;
    }
    if (at === start) at += 1;
    else tokens.push({ text: cut(folded, start, at), start, length: at - start });
  }
  return tokens;
}

/** Units of the letter or digit at an offset; 0: there is none. */
function wordWidth(text: string, at: number): number {
  const unit = text.charCodeAt(at);
  if (unit < 128) return asciiWord[unit] ?? 0;
  const point = text.codePointAt(at) ?? 0;
  if (!wordCharacter.test(String.fromCodePoint(point))) return 0;
  return point > 0xffff ? 2 : 1;
}

/** Never splits a surrogate pair: SQLite keeps text as UTF-8. */
function cut(text: string, start: number, end: number): string {
  if (end - start <= maxToken) return text.slice(start, end);
  const last = text.charCodeAt(start + maxToken - 1);
  const splits = last >= 0xd800 && last <= 0xdbff;
  return text.slice(start, start + maxToken - (splits ? 1 : 0));
}

const notDigit = /[^0-9]+/g;

/** The digits of a text, whatever stands between them. */
export function digitsOf(text: string): string {
  return text.replace(notDigit, '');
}

export function isDigits(token: string): boolean {
  for (let i = 0; i < token.length; i++) {
    const unit = token.charCodeAt(i);
    if (unit < 48 || unit > 57) return false;
  }
  return token !== '';
}
