import { fold } from '@outpost/model';
import { escapePattern, parsePattern, patternTest, quickFindNumber } from '@outpost/query';
import { namespaces, type WordNamespace } from '../terms/row-terms.ts';
import type { SearchedColumn } from '../terms/searched-table.ts';
import { digitsOf, maxToken, type Token, tokensOf } from '../terms/tokenize.ts';
import {
  maskOf,
  rowsThatPointAt,
  targetsOf,
  type WordContext,
  withoutTarget,
} from './collect-word.ts';
import { type Hits, weakSink } from './hits.ts';
import { labelsOf } from './labels.ts';
import type { SearchSource, SearchSources } from './search-source.ts';

/** Rows that quick find may find. */
export interface Candidates {
  readonly rids: readonly number[];
  /** Each of them matches the find filter; otherwise the filter is still to be applied. */
  readonly areExact: boolean;
}

/** Shortest piece that is looked for inside tokens; shorter ones are in too many. */
const minInfix = 3;

/**
 * Rows among which are all that the quick find filter lets through for a typed term; null where the index cannot tell.
 * Values begin with the term as a whole, `*` stands for any text.
 */
export function beginsCandidates(
  context: WordContext,
  all: SearchSources,
  typed: string,
): Candidates | null {
  const { searched, sources } = all;
  const text = fold(typed);
  const pieces = text.split('*');
  const piece =
    pieces.length === 1 || pieces[0] !== '' ? startOf(pieces[0] ?? '') : insideOf(pieces);
  if (piece === null) return null;
  return context.pool.use((hits) => {
    let areExact = pieces.length === 1 && piece.kind === 'start' && piece.isWhole;
    for (const source of sources) {
      collectPiece(source, piece, searched.findMask, namespaces.word, hits);
      const phones = maskOf(searched.columns, 'phone');
      if (phones !== 0 && piece.digits !== '') {
        areExact = false;
        const sink = weakSink(hits, phones, 'value');
        const digits = namespaces.digits + piece.digits;
        if (piece.kind === 'inside') source.terms.containing(namespaces.digits, piece.digits, sink);
        else source.terms.equal(digits, sink);
        if (piece.kind === 'start') source.terms.longer(digits, sink);
      }
    }
    const matches = patternTest(parsePattern(`${pieces.map(escapePattern).join('%')}%`));
    for (const one of searched.columns) {
      if (!one.isFindColumn) continue;
      if (one.as === 'number') collectNumber(sources, one, typed, hits);
      if (one.as === 'choices') {
        areExact = false;
        collectOptions(
          sources,
          one,
          (label) => matches(label) || mayBegin(pieces[0] ?? '', label),
          hits,
        );
      }
      if (one.as === 'choice') collectOptions(sources, one, matches, hits);
      if (one.as === 'lookup') collectNames(context, all, one, piece, hits);
    }
    return { rids: hits.rids, areExact };
  });
}

/** What of a term the index can look up. */
type Piece =
  /** The value begins with a token, or, when the term goes on behind it, with this very token. */
  | {
      readonly kind: 'start';
      readonly token: string;
      readonly isPrefix: boolean;
      /** The term is the token and nothing else, so that nothing is left to compare. */
      readonly isWhole: boolean;
      readonly digits: string;
    }
  /** Some token contains the text. */
  | { readonly kind: 'inside'; readonly token: string; readonly digits: string };

function startOf(text: string): Piece | null {
  const [token] = tokensOf(text);
  if (token === undefined || token.start !== 0) return null;
  const isPrefix = token.length === text.length || token.length > maxToken;
  return {
    kind: 'start',
    token: token.text,
    isPrefix,
    isWhole: token.length === text.length && token.length <= maxToken,
    digits: digitsOf(text).slice(0, maxToken),
  };
}

function insideOf(pieces: readonly string[]): Piece | null {
  let longest: { token: Token; piece: string } | null = null;
  for (const piece of pieces) {
    for (const token of tokensOf(piece)) {
      if (longest === null || token.length > longest.token.length) longest = { token, piece };
    }
  }
  if (longest === null || longest.token.length < minInfix || longest.token.length > maxToken) {
    return null;
  }
  const digits = digitsOf(longest.piece);
  return { kind: 'inside', token: longest.token.text, digits: digits.slice(0, maxToken) };
}

function collectPiece(
  source: SearchSource,
  piece: Piece,
  allowed: number,
  namespace: WordNamespace,
  hits: Hits,
): void {
  const { terms } = source;
  if (piece.kind === 'start') {
    const sink = {
      add(rid: number, _mask: number, first: number) {
        if ((first & allowed) !== 0) hits.addWeak(rid, first & allowed, 0);
      },
    };
    terms.equal(namespace + piece.token, sink);
    if (piece.isPrefix) terms.longer(namespace + piece.token, sink);
    return;
  }
  const sink = weakSink(hits, allowed, 'infix');
  for (const token of source.vocabularyOf(namespace).containing(piece.token)) {
    terms.equal(namespace + token, sink);
  }
  // What is not indexed may contain it, too.
  terms.equal(namespaces.cut, sink);
}

function collectNumber(
  sources: readonly SearchSource[],
  { column, bit }: SearchedColumn,
  typed: string,
  hits: Hits,
): void {
  const number = quickFindNumber(column, typed);
  if (number === null) return;
  for (const { terms } of sources) {
    terms.equal(namespaces.number + String(Number(number)), weakSink(hits, 1 << bit, 'value'));
  }
}

function collectOptions(
  sources: readonly SearchSource[],
  { column, bit }: SearchedColumn,
  matches: (label: string) => boolean,
  hits: Hits,
): void {
  for (const { value, folded } of labelsOf(column)) {
    if (!matches(folded)) continue;
    for (const { terms } of sources) {
      terms.equal(namespaces.option + value, weakSink(hits, 1 << bit, 'value'));
    }
  }
}

/** Several labels stand in one value: the term may go on behind the first. */
function mayBegin(start: string, label: string): boolean {
  return start === '' || start.startsWith(label) || label.startsWith(start);
}

function collectNames(
  context: WordContext,
  { searched, sources }: SearchSources,
  column: SearchedColumn,
  piece: Piece,
  hits: Hits,
): void {
  const mask = 1 << column.bit;
  const targets = targetsOf(context, column);
  for (const target of targets) {
    const found = context.pool.use((named) => {
      for (const source of target.sources) {
        collectPiece(source, piece, target.searched.nameMask, namespaces.word, named);
      }
      return named.rids;
    });
    for (const [rid] of rowsThatPointAt(context.store, searched, column, target, found)) {
      hits.addWeak(rid, mask, 0);
    }
  }
  const stored = context.pool.use((named) => {
    for (const source of sources) collectPiece(source, piece, mask, namespaces.name, named);
    return named.rids;
  });
  const others = stored.filter((rid) => ((hits.masks[rid] ?? 0) & mask) === 0);
  for (const rid of withoutTarget(context.store, searched, column, targets, others)) {
    hits.addWeak(rid, mask, 0);
  }
}
