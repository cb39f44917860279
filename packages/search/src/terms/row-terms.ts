import { type Cell, fold } from '@outpost/model';
import type { SearchedColumn } from './searched-table.ts';
import { digitsOf, isDigits, maxIndexed, maxToken, tokensOf } from './tokenize.ts';

/**
 * First character of a term: what kind it is. `word` of a text; `digits` of a whole phone number; `number` in canonical
 * form; `option` value of a choice; `name` word of a lookup's stored name; `cut` marks values that are not wholly indexed.
 */
export const namespaces = {
  word: 'w',
  digits: 'd',
  number: 'n',
  option: 'o',
  name: 'l',
  cut: 'x',
} as const;

/** Kinds of terms that are words. */
export type WordNamespace = typeof namespaces.word | typeof namespaces.name;

/** In which columns a row has a term. Masks have a bit per searched column. */
export interface TermMasks {
  readonly mask: number;
  /** Columns whose value begins with it, at its first character. */
  readonly first: number;
  /** Columns whose value is this term and nothing else. */
  readonly only: number;
}

/** Told of each term of a row; the same term may come several times. */
export type TermVisitor = (term: string, mask: number, first: number, only: number) => void;

/** Visits the terms of a row. `cells` are those of the columns' slots, in the order of the columns. */
export function visitTerms(
  columns: readonly SearchedColumn[],
  cells: readonly Cell[],
  visit: TermVisitor,
): void {
  for (let i = 0; i < columns.length; i++) {
    const column = columns[i];
    const cell = cells[i];
    if (column === undefined || cell === null || cell === undefined || cell === '') continue;
    const mask = 1 << column.bit;
    switch (column.as) {
      case 'words':
        visitWords(String(cell), mask, namespaces.word, false, visit);
        break;
      case 'phone': {
        const text = String(cell);
        const digits = digitsOf(fold(text.slice(0, maxIndexed)));
        if (digits !== '') {
          visit(namespaces.digits + digits.slice(0, maxToken), mask, mask, mask);
          if (digits.length > maxToken) visit(namespaces.cut, mask, 0, 0);
        }
        visitWords(text, mask, namespaces.word, true, visit);
        break;
      }
      case 'lookup':
        visitWords(String(cell), mask, namespaces.name, false, visit);
        break;
      case 'number':
        visit(namespaces.number + String(Number(cell)), mask, mask, mask);
        break;
      case 'choice':
        visit(namespaces.option + String(cell), mask, mask, mask);
        break;
      case 'choices':
        for (const value of String(cell).split(',')) {
          if (value !== '') visit(namespaces.option + value, mask, 0, 0);
        }
        break;
      default:
        column.as satisfies never;
    }
  }
}

function visitWords(
  text: string,
  mask: number,
  namespace: string,
  lettersOnly: boolean,
  visit: TermVisitor,
): void {
  const whole = fold(text);
  const folded = whole.length > maxIndexed ? whole.slice(0, maxIndexed) : whole;
  let isCut = whole.length > maxIndexed;
  for (const token of tokensOf(folded)) {
    if (token.length > token.text.length) isCut = true;
    if (lettersOnly && isDigits(token.text)) continue;
    const first = token.start === 0 ? mask : 0;
    const only = token.start === 0 && token.text.length === whole.length ? mask : 0;
    visit(namespace + token.text, mask, first, only);
  }
  if (isCut) visit(namespaces.cut, mask, 0, 0);
}

/** The terms of a row with their masks. */
export function rowTerms(
  columns: readonly SearchedColumn[],
  cells: readonly Cell[],
): ReadonlyMap<string, TermMasks> {
  const terms = new Map<string, TermMasks>();
  visitTerms(columns, cells, (term, mask, first, only) => {
    const known = terms.get(term);
    terms.set(
      term,
      known === undefined
        ? { mask, first, only }
        : { mask: known.mask | mask, first: known.first | first, only: known.only | only },
    );
  });
  return terms;
}
