import { type Cell, fold } from '@outpost/model';
import { quickFindNumber } from '@outpost/query';
import { type DeviceStore, quoted } from '@outpost/store';
import { namespaces } from '../terms/row-terms.ts';
import type { SearchedTable } from '../terms/searched-table.ts';
import { isDigits } from '../terms/tokenize.ts';
import { BestRanks } from './best-ranks.ts';
import { collectPhones, collectWord, type WordContext } from './collect-word.ts';
import { type Hits, weakSink } from './hits.ts';
import { rankOf, ranks } from './rank.ts';
import type { SearchSources } from './search-source.ts';
import type { SearchTerm } from './search-term.ts';

export interface WordsOptions {
  /** The words may stand in different columns. */
  readonly anyColumn: boolean;
  /** Words of three characters and more may stand inside tokens. */
  readonly isInfix: boolean;
  readonly withTypos: boolean;
}

/** Matching rows by rank: `_rid`s ascending for each of `ranks`. */
export type RankedRids = readonly (readonly number[])[];

/** Shortest word that is looked for inside tokens. */
const minInfix = 3;

/** Finds the rows that have the words of a term. Keeps its working memory between searches. */
export class WordMatcher {
  readonly #context: WordContext;
  readonly #best = new BestRanks();

  constructor(context: WordContext) {
    this.#context = context;
  }

  match(sources: SearchSources, term: SearchTerm, options: WordsOptions): RankedRids {
    return this.#context.pool.useEach(term.words, (perWord) => {
      this.#collect(sources, term, options, perWord);
      const best = this.#best;
      if (perWord.length > 0) {
        if (options.anyColumn) this.#inAnyColumn(perWord, best);
        else this.#inOneColumn(perWord, best);
      }
      if (perWord.length > 1) this.#raise(sources, term, perWord, best);
      this.#addWhole(sources, term, best);
      const groups = best.groups();
      best.clear();
      return groups;
    });
  }

  #collect(
    sources: SearchSources,
    { words }: SearchTerm,
    { anyColumn, isInfix, withTypos }: WordsOptions,
    perWord: readonly Hits[],
  ): void {
    const isSingle = words.length === 1;
    for (const [i, word] of words.entries()) {
      const hits = perWord[i];
      if (hits === undefined) continue;
      hits.isSingle = isSingle;
      const reach = {
        isInfix: word.isAnywhere || (isInfix && word.text.length >= minInfix),
        withTypos,
        // A single word is looked up as a whole term.
        withNumbers: anyColumn && !isSingle && isDigits(word.text),
      };
      collectWord(this.#context, sources, word, reach, hits);
    }
  }

  /** Rows with every word in one and the same column. */
  #inOneColumn(perWord: readonly Hits[], best: BestRanks): void {
    const [smallest] = [...perWord].sort((a, b) => a.rids.length - b.rids.length);
    const isSingle = perWord.length === 1;
    for (const rid of smallest?.rids ?? []) {
      let shared = -1;
      for (const hits of perWord) shared &= hits.masks[rid] ?? 0;
      if (shared === 0) continue;
      let worst = 0;
      for (const hits of perWord) {
        const rank = isSingle
          ? (hits.best[rid] ?? 0) - 1
          : ((hits.firsts[rid] ?? 0) & shared) !== 0
            ? rankOf.firstToken
            : ((hits.prefixes[rid] ?? 0) & shared) !== 0
              ? rankOf.token
              : Math.max(rankOf.infix, (hits.best[rid] ?? 0) - 1);
        if (rank > worst) worst = rank;
      }
      best.add(rid, worst);
    }
  }

  #inAnyColumn(perWord: readonly Hits[], best: BestRanks): void {
    const [smallest] = [...perWord].sort((a, b) => a.rids.length - b.rids.length);
    const least = perWord.length === 1 ? 0 : rankOf.firstToken;
    for (const rid of smallest?.rids ?? []) {
      let worst = least;
      for (const hits of perWord) {
        const rank = hits.has(rid) ? (hits.best[rid] ?? 0) - 1 : ranks.length;
        if (rank > worst) worst = rank;
      }
      if (worst < ranks.length) best.add(rid, worst);
    }
  }

  /** Of several words: rows whose value is the term, or begins with it, rank as such. */
  #raise(
    { searched }: SearchSources,
    { core }: SearchTerm,
    perWord: readonly Hits[],
    best: BestRanks,
  ): void {
    const texts = searched.columns
      .filter((one) => one.isFindColumn && one.as === 'words')
      .reduce((mask, one) => mask | (1 << one.bit), 0);
    const candidates: number[] = [];
    for (const rid of best.rids) {
      let shared = texts & (perWord[0]?.firsts[rid] ?? 0);
      for (const hits of perWord) shared &= hits.prefixes[rid] ?? 0;
      if (shared !== 0) candidates.push(rid);
    }
    for (const { rid, cells } of readTexts(this.#context.store, searched, texts, candidates)) {
      for (const cell of cells) {
        if (typeof cell !== 'string') continue;
        const value = fold(cell);
        if (value === core) best.add(rid, rankOf.exact);
        else if (value.startsWith(core)) best.add(rid, rankOf.value);
      }
    }
  }

  /** A term that is a number or a telephone number as a whole. */
  #addWhole(sources: SearchSources, term: SearchTerm, best: BestRanks): void {
    if (!/[0-9]/.test(term.text)) return;
    this.#context.pool.use((hits) => {
      for (const { terms } of sources.sources) {
        for (const one of sources.searched.columns) {
          if (one.as !== 'number' || !one.isFindColumn) continue;
          const number = quickFindNumber(one.column, term.text);
          if (number === null) continue;
          const sink = weakSink(hits, 1 << one.bit, 'exact');
          terms.equal(namespaces.number + String(Number(number)), sink);
        }
        if (term.phone !== null) {
          collectPhones(terms, sources.searched.columns, term.phone, hits);
        }
      }
      for (const rid of hits.rids) best.add(rid, (hits.best[rid] ?? 0) - 1);
    });
  }
}

/** Texts of some columns of rows. */
function readTexts(
  store: DeviceStore,
  { table, columns }: SearchedTable,
  mask: number,
  rids: readonly number[],
): readonly { readonly rid: number; readonly cells: readonly Cell[] }[] {
  if (rids.length === 0) return [];
  const slots = columns
    .filter(({ bit }) => (mask & (1 << bit)) !== 0)
    .map(({ slot }) => `r.${quoted(slot)}`);
  return store
    .all(
      `SELECT r."_rid", ${slots.join(', ')} FROM json_each(?) p CROSS JOIN ${quoted(table)} r ON r."_rid" = p.value`,
      [JSON.stringify(rids)],
    )
    .map(([rid, ...cells]) => ({ rid: Number(rid), cells: cells as readonly Cell[] }));
}
