import { type Column, type ColumnValue, fold, isLookupValue, precisionOf } from '@outpost/model';
import { kindOfColumn } from './column-kind.ts';

/**
 * What a value is compared by, as a number: so many smallest units of its column, an option, a word of the program.
 * NaN: the value is empty, or of another type.
 */
export type KeyReader = (value: ColumnValue) => number;

/** How the values of a column are compared; null: not by a number. */
export function keyReader(column: Column, words: Words): KeyReader | null {
  const kind = kindOfColumn(column);
  switch (kind) {
    case 'number': {
      const scale = scaleOf(column);
      if (scale === 1)
        return (value) => (typeof value === 'number' ? Math.round(value) : Number.NaN);
      return (value) => (typeof value === 'number' ? Math.round(value * scale) : Number.NaN);
    }
    case 'choice':
      return (value) => (typeof value === 'number' ? value : Number.NaN);
    case 'boolean':
      return (value) => (typeof value === 'boolean' ? Number(value) : Number.NaN);
    case 'text':
    case 'lookup':
      return (value) => words.number(value);
    case 'date':
    case 'other':
      return null;
    default:
      return kind satisfies never;
  }
}

/** Values of a number column are compared as so many parts of a unit. */
export function scaleOf(column: Column): number {
  const isWhole = column.type === 'integer' || column.type === 'bigint';
  return 10 ** (isWhole ? 0 : precisionOf(column));
}

const mostTexts = 500;
const longestText = 200;

/** Texts and ids that the conditions of a program name, by number. All others are one: a word that is never named. */
export class Words {
  readonly #numbers = new Map<string, number>();
  /** Numbers of texts that were looked up lately: rows repeat the same few. */
  readonly #lately = new Map<string, number>();

  add(value: ColumnValue): void {
    const word = wordOf(value);
    if (word !== null && !this.#numbers.has(word)) this.#numbers.set(word, this.#numbers.size);
    this.#lately.clear();
  }

  number(value: ColumnValue): number {
    if (value === null || value === '') return Number.NaN;
    if (typeof value !== 'string') return this.#look(value);
    const known = this.#lately.get(value);
    if (known !== undefined) return known;
    const found = this.#look(value);
    if (this.#lately.size >= mostTexts) this.#lately.clear();
    if (value.length <= longestText) this.#lately.set(value, found);
    return found;
  }

  #look(value: ColumnValue): number {
    const word = wordOf(value);
    return word === null ? Number.NaN : (this.#numbers.get(word) ?? -1);
  }
}

/** Lookups are compared by id; ids are folded like texts, which makes no two of them one. */
function wordOf(value: ColumnValue): string | null {
  if (isLookupValue(value)) return value.id.toLowerCase();
  return typeof value === 'string' ? folded(value) : null;
}

/** Texts that were folded lately: rules compare the same few again and again. */
const lately = new Map<string, string>();

/** `fold`, remembered for short texts. */
export function folded(text: string): string {
  if (text.length > longestText) return fold(text);
  const known = lately.get(text);
  if (known !== undefined) return known;
  if (lately.size >= mostTexts) lately.clear();
  const result = fold(text);
  lately.set(text, result);
  return result;
}
