import { isChoice, isLookupValue } from '@outpost/model';
import { type QueryRow, quickFindNumber } from '@outpost/query';
import type { Rank } from '../match/rank.ts';
import { type SearchTerm, type SearchWord, typosOf } from '../match/search-term.ts';
import type { SearchedColumn, SearchedTable } from '../terms/searched-table.ts';
import { tokensOf } from '../terms/tokenize.ts';
import { editDistance } from '../vocabulary/near-words.ts';
import { type FoldedText, foldText } from './fold-map.ts';

/** Characters of a shown value that the term matched. */
export interface SearchHighlight {
  readonly column: string;
  /** UTF-16 offset in the shown text: the value itself, of a lookup the name, of a choice the label. */
  readonly start: number;
  readonly length: number;
  readonly kind: Rank;
}

/** How a search compares. */
export interface Comparison {
  readonly mode: 'begins' | 'words';
  readonly anyColumn: boolean;
  readonly isInfix: boolean;
  readonly withTypos: boolean;
}

interface Span {
  /** Offsets in the folded text. */
  readonly start: number;
  readonly end: number;
  readonly kind: Rank;
}

/** What of a row's values a term matched, column by column. */
export function highlightRow(
  { columns }: SearchedTable,
  row: QueryRow,
  term: SearchTerm,
  comparison: Comparison,
): readonly SearchHighlight[] {
  return columns.flatMap((searched) => {
    const text = searched.isFindColumn ? shownText(searched, row) : '';
    if (text === '') return [];
    const folded = foldText(text);
    return spansOf(searched, text, folded, term, comparison).map(({ start, end, kind }) => ({
      column: searched.column.name,
      ...folded.span(start, end),
      kind,
    }));
  });
}

/** The text of a value that people see and search. */
export function shownText({ column, as }: SearchedColumn, row: QueryRow): string {
  const value = row.values[column.name] ?? null;
  if (value === null) return '';
  if (isLookupValue(value)) return value.name ?? '';
  const label = (option: unknown) =>
    column.options?.find((one) => one.value === Number(option))?.label ?? '';
  if (isChoice(column) || column.type === 'boolean') return label(value);
  if (as === 'choices') return Array.isArray(value) ? value.map(label).join('; ') : '';
  return typeof value === 'object' ? '' : String(value);
}

function spansOf(
  searched: SearchedColumn,
  text: string,
  { folded }: FoldedText,
  term: SearchTerm,
  comparison: Comparison,
): readonly Span[] {
  if (searched.as === 'number') {
    const number = quickFindNumber(searched.column, term.text);
    const isEqual = number !== null && Number(number) === Number(text);
    const isWord =
      comparison.anyColumn && term.words.some((one) => Number(one.text) === Number(text));
    return isEqual || isWord ? [{ start: 0, end: folded.length, kind: 'exact' }] : [];
  }
  if (comparison.mode === 'begins') return pieceSpans(folded, term.text);
  const phone = searched.as === 'phone' ? phoneSpan(folded, term.phone) : null;
  if (phone !== null) return [phone];
  return wordSpans(folded, term.words, comparison);
}

/** Where the pieces of a term between its wildcards stand, in order; nothing when one is missing. */
function pieceSpans(folded: string, typed: string): readonly Span[] {
  const pieces = typed.split('*');
  const spans: Span[] = [];
  let from = 0;
  for (const [i, raw] of pieces.entries()) {
    const piece = foldText(raw).folded;
    if (piece === '') continue;
    const start = i === 0 ? (folded.startsWith(piece) ? 0 : -1) : folded.indexOf(piece, from);
    if (start < 0) return [];
    from = start + piece.length;
    spans.push({ start, end: from, kind: kindOf(folded, start, from) });
  }
  return spans;
}

function kindOf(folded: string, start: number, end: number): Rank {
  if (start > 0) return 'infix';
  return end === folded.length ? 'exact' : 'value';
}

/** Where the digits of a telephone number stand, whatever is between them. */
function phoneSpan(folded: string, digits: string | null): Span | null {
  if (digits === null) return null;
  const places: number[] = [];
  let all = '';
  for (let i = 0; i < folded.length; i++) {
    const unit = folded.charCodeAt(i);
    if (unit < 48 || unit > 57) continue;
    places.push(i);
    all += folded[i];
  }
  const at = all.indexOf(digits);
  if (at < 0 || (digits.length < 3 && at > 0)) return null;
  const kind = at > 0 ? 'token' : all === digits ? 'exact' : 'value';
  return { start: places[at] ?? 0, end: (places[at + digits.length - 1] ?? 0) + 1, kind };
}

function wordSpans(
  folded: string,
  words: readonly SearchWord[],
  comparison: Comparison,
): readonly Span[] {
  const tokens = tokensOf(folded);
  const perWord = words.map((word) => {
    const found = tokens.flatMap((token): readonly (Span & { readonly order: number })[] => {
      const { text, start } = token;
      const { length } = word.text;
      if (text.startsWith(word.text)) {
        const isAll = start === 0 && length === folded.length;
        const kind = isAll
          ? 'exact'
          : start > 0
            ? 'token'
            : words.length > 1
              ? 'firstToken'
              : 'value';
        return [{ start, end: start + length, kind, order: 0 }];
      }
      const isInfix = word.isAnywhere || (comparison.isInfix && length >= 3);
      const at = isInfix ? text.indexOf(word.text) : -1;
      if (at > 0) return [{ start: start + at, end: start + at + length, kind: 'infix', order: 1 }];
      const most = comparison.withTypos ? typosOf(word.text) : 0;
      const distance = most === 0 ? 1 : editDistance(word.text, text, most, word.isLast);
      if (distance > most) return [];
      const kind = distance === 1 ? 'typo1' : 'typo2';
      return [{ start, end: start + token.length, kind, order: 1 + distance }];
    });
    const least = Math.min(...found.map((one) => one.order));
    return found.filter((one) => one.order === least);
  });
  if (!comparison.anyColumn && perWord.some((spans) => spans.length === 0)) return [];
  return merged(perWord.flat());
}

/** Spans in order, of overlapping ones the longest. */
function merged(spans: readonly Span[]): readonly Span[] {
  const sorted = [...spans].sort((a, b) => a.start - b.start || b.end - a.end);
  const kept: Span[] = [];
  for (const { start, end, kind } of sorted) {
    if (start >= (kept.at(-1)?.end ?? 0)) kept.push({ start, end, kind });
  }
  return kept;
}
