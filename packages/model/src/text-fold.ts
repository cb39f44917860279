/**
 * Case- and accent-insensitive form of a text, shared by store, query, search, rules and server, so that a condition
 * gives one verdict everywhere. Order on folded text is by code point.
 */

const expansions: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  ł: 'l',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ı: 'i',
  ħ: 'h',
  ŧ: 't',
  ς: 'σ',
};
const expanded = new RegExp(`[${Object.keys(expansions).join('')}]`, 'g');
const notAscii = /[\u0080-\uffff]/;

/** Folds a text (collation CI_AI). Idempotent; a lone surrogate becomes U+FFFD. */
export function fold(text: string): string {
  const lower = text.toWellFormed().toLowerCase();
  if (!notAscii.test(lower)) return lower;
  return lower
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .replace(expanded, (letter) => expansions[letter] ?? letter)
    .normalize('NFC');
}

/** Orders two texts by code point, as SQLite's BINARY collation does (UTF-16 order differs for astral characters). */
export function compareCodePoints(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x === y) continue;
    const surrogateX = x >= 0xd800 && x <= 0xdfff;
    const surrogateY = y >= 0xd800 && y <= 0xdfff;
    if (surrogateX !== surrogateY) return surrogateX ? 1 : -1;
    return x - y;
  }
  return a.length - b.length;
}
