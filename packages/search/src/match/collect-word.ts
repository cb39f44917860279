import { isLookup } from '@outpost/model';
import { type DeviceStore, quoted } from '@outpost/store';
import { namespaces, type WordNamespace } from '../terms/row-terms.ts';
import type { SearchedColumn, SearchedTable } from '../terms/searched-table.ts';
import { isDigits } from '../terms/tokenize.ts';
import { editDistance } from '../vocabulary/near-words.ts';
import { type Hits, type HitsPool, prefixSink, weakSink } from './hits.ts';
import { labelsOf } from './labels.ts';
import { rankOf } from './rank.ts';
import type { SearchSource, SearchSources } from './search-source.ts';
import { type SearchWord, typosOf } from './search-term.ts';

/** How far a word may be from the tokens of a row. */
export interface WordReach {
  /** It may stand inside a token. */
  readonly isInfix: boolean;
  readonly withTypos: boolean;
  /** Numbers and telephone numbers count as words of their own. */
  readonly withNumbers: boolean;
}

/** Where words are looked up. */
export interface WordContext {
  readonly store: DeviceStore;
  readonly pool: HitsPool;
  /** Null: the table is not searched. */
  sourcesOf(table: string): SearchSources | null;
}

/** Rows of a table that a word matches, in its own columns, in labels, and in the names its lookups show. */
export function collectWord(
  context: WordContext,
  { searched, sources }: SearchSources,
  word: SearchWord,
  reach: WordReach,
  hits: Hits,
): void {
  for (const source of sources) {
    collectTexts(source, word, reach, searched.findMask, hits);
    if (reach.withNumbers && isDigits(word.text)) collectNumbers(source, searched, word.text, hits);
  }
  for (const column of searched.columns) {
    if (!column.isFindColumn) continue;
    if (column.as === 'choice' || column.as === 'choices') {
      collectLabels(sources, column, word, reach, hits);
    }
    if (column.as === 'lookup')
      collectLookup(context, searched, sources, column, word, reach, hits);
  }
}

/** Rows that have a token near the word in one of the allowed columns. */
function collectTexts(
  source: SearchSource,
  word: SearchWord,
  reach: WordReach,
  allowed: number,
  hits: Hits,
  namespace: WordNamespace = namespaces.word,
): void {
  const { terms } = source;
  terms.equal(namespace + word.text, prefixSink(hits, allowed, true));
  terms.longer(namespace + word.text, prefixSink(hits, allowed, false));
  if (reach.isInfix) {
    const sink = weakSink(hits, allowed, 'infix');
    for (const token of source.vocabularyOf(namespace).containing(word.text)) {
      if (!token.startsWith(word.text)) terms.equal(namespace + token, sink);
    }
  }
  const most = reach.withTypos ? typosOf(word.text) : 0;
  if (most === 0) return;
  const sinks = [weakSink(hits, allowed, 'typo1'), weakSink(hits, allowed, 'typo2')];
  const near = source.vocabularyOf(namespace).near(word.text, most, word.isLast);
  for (const { word: token, distance } of near) {
    const sink = sinks[distance - 1];
    if (sink !== undefined) terms.equal(namespace + token, sink);
  }
}

/** Rows with a number that is the digits, or a telephone number that contains them. */
function collectNumbers(
  { terms }: SearchSource,
  { columns }: SearchedTable,
  digits: string,
  hits: Hits,
): void {
  const numbers = maskOf(columns, 'number');
  if (numbers !== 0) {
    terms.equal(namespaces.number + String(Number(digits)), weakSink(hits, numbers, 'exact'));
  }
  collectPhones(terms, columns, digits, hits);
}

/** Rows with a telephone number that contains the digits, of less than three that begins with them. */
export function collectPhones(
  terms: SearchSource['terms'],
  columns: readonly SearchedColumn[],
  digits: string,
  hits: Hits,
): void {
  const phones = maskOf(columns, 'phone');
  if (phones === 0) return;
  terms.equal(namespaces.digits + digits, weakSink(hits, phones, 'exact'));
  terms.longer(namespaces.digits + digits, weakSink(hits, phones, 'value'));
  if (digits.length >= 3) {
    terms.containing(namespaces.digits, digits, weakSink(hits, phones, 'token'));
  }
}

export function maskOf(columns: readonly SearchedColumn[], as: SearchedColumn['as']): number {
  return columns
    .filter((one) => one.as === as && one.isFindColumn)
    .reduce((mask, one) => mask | (1 << one.bit), 0);
}

function collectLabels(
  sources: readonly SearchSource[],
  { column, as, bit }: SearchedColumn,
  word: SearchWord,
  reach: WordReach,
  hits: Hits,
): void {
  const mask = 1 << bit;
  for (const { value, folded, tokens } of labelsOf(column)) {
    const starts = tokens.some((token) => token.startsWith(word.text));
    const rank = starts ? null : weakRankOf(tokens, word, reach);
    if (!starts && rank === null) continue;
    const isFirst = as === 'choice' && folded.startsWith(word.text);
    const isOnly = as === 'choice' && folded === word.text;
    for (const { terms } of sources) {
      terms.equal(namespaces.option + value, {
        add(rid, found) {
          if ((found & mask) === 0) return;
          if (rank !== null) hits.addWeak(rid, mask, rank);
          else hits.addPrefix(rid, mask, isFirst ? mask : 0, isOnly ? mask : 0);
        },
      });
    }
  }
}

function weakRankOf(tokens: readonly string[], word: SearchWord, reach: WordReach): number | null {
  if (reach.isInfix && tokens.some((token) => token.includes(word.text))) return rankOf.infix;
  const most = reach.withTypos ? typosOf(word.text) : 0;
  const distance = Math.min(
    ...tokens.map((token) => editDistance(word.text, token, most, word.isLast)),
  );
  if (most === 0 || distance > most) return null;
  return distance === 1 ? rankOf.typo1 : rankOf.typo2;
}

/** Rows whose lookup shows a name that the word matches: the target's name now, or the stored one where it is not here. */
function collectLookup(
  context: WordContext,
  searched: SearchedTable,
  sources: readonly SearchSource[],
  column: SearchedColumn,
  word: SearchWord,
  reach: WordReach,
  hits: Hits,
): void {
  const mask = 1 << column.bit;
  const targets = targetsOf(context, column);
  for (const target of targets) {
    context.pool.use((found) => {
      for (const source of target.sources) {
        collectTexts(source, word, reach, target.searched.nameMask, found);
      }
      for (const [rid, targetRid] of rowsThatPointAt(
        context.store,
        searched,
        column,
        target,
        found.rids,
      )) {
        const rank = (found.best[targetRid] ?? 0) - 1;
        if (rank >= rankOf.infix) hits.addWeak(rid, mask, rank);
        else {
          hits.addPrefix(
            rid,
            mask,
            (found.firsts[targetRid] ?? 0) === 0 ? 0 : mask,
            (found.onlys[targetRid] ?? 0) === 0 ? 0 : mask,
          );
        }
      }
    });
  }
  context.pool.use((stored) => {
    for (const source of sources) collectTexts(source, word, reach, mask, stored, namespaces.name);
    const others = stored.rids.filter((rid) => ((hits.masks[rid] ?? 0) & mask) === 0);
    for (const rid of withoutTarget(context.store, searched, column, targets, others)) {
      const rank = (stored.best[rid] ?? 0) - 1;
      if (rank >= rankOf.infix) hits.addWeak(rid, mask, rank);
      else hits.addPrefix(rid, mask, stored.firsts[rid] ?? 0, stored.onlys[rid] ?? 0);
    }
  });
}

/** Tables on the device that a lookup may point at and whose rows have names. */
export function targetsOf(
  context: WordContext,
  { column }: SearchedColumn,
): readonly SearchSources[] {
  if (!isLookup(column)) return [];
  return (column.targets ?? []).flatMap((name) => {
    const sources = context.sourcesOf(name);
    return sources === null || sources.searched.nameMask === 0 ? [] : [sources];
  });
}

/** Rows of a table whose lookup leads to one of the target's rows: [row, target]. */
export function rowsThatPointAt(
  store: DeviceStore,
  { table }: SearchedTable,
  { column }: SearchedColumn,
  target: SearchSources,
  rids: readonly number[],
): readonly (readonly [number, number])[] {
  const primary = store.schema.get(target.searched.table)?.table.primaryId;
  if (rids.length === 0 || primary === undefined) return [];
  return store
    .all(
      `SELECT r."_rid", t."_rid" FROM json_each(?) p CROSS JOIN ${quoted(target.searched.table)} t ON t."_rid" = p.value
       CROSS JOIN ${quoted(table)} r ON r.${quoted(column.name)} = t.${quoted(primary)}`,
      [JSON.stringify(rids)],
    )
    .map(([rid, targetRid]) => [Number(rid), Number(targetRid)] as const);
}

/** Those of the rows whose lookup leads to no row of this device that has a name. */
export function withoutTarget(
  store: DeviceStore,
  { table }: SearchedTable,
  { column }: SearchedColumn,
  targets: readonly SearchSources[],
  rids: readonly number[],
): readonly number[] {
  if (rids.length === 0) return [];
  const missing = targets.flatMap(({ searched }) => {
    const { primaryId, primaryName = null } = store.schema.get(searched.table)?.table ?? {};
    if (primaryId === undefined || primaryName === null) return [];
    return [
      `AND NOT EXISTS (SELECT 1 FROM ${quoted(searched.table)} t WHERE t.${quoted(primaryId)} = r.${quoted(column.name)} AND t.${quoted(primaryName)} IS NOT NULL)`,
    ];
  });
  return store
    .all(
      `SELECT r."_rid" FROM json_each(?) p CROSS JOIN ${quoted(table)} r ON r."_rid" = p.value WHERE 1 ${missing.join(' ')}`,
      [JSON.stringify(rids)],
    )
    .map(([rid]) => Number(rid));
}
