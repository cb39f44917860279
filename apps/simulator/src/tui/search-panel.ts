import type { Device } from '@outpost/device';
import { queryTypes, siteMapTables } from '@outpost/model';
import type { Search, SearchHit, SearchMode, SearchRequest, SearchResult } from '@outpost/search';
import { BehaviorSubject, type Subscription } from 'rxjs';

/** Hits of one table, the best first. */
export interface SearchGroup {
  readonly table: string;
  readonly label: string;
  readonly result: SearchResult;
}

export const searchModes: readonly SearchMode[] = ['begins', 'words', 'smart'];
/** The organization's limit for one search. */
const maxTables = 10;
const hitsOfMany = 5;
const hitsOfOne = 50;

interface Watched {
  readonly table: string;
  readonly label: string;
  readonly requests: BehaviorSubject<SearchRequest>;
  readonly subscription: Subscription;
  result: SearchResult | null;
}

/** What is typed into the search screen, and the results as they are. */
export class SearchPanel {
  readonly #device: Device;
  readonly #onChange: () => void;
  #search: Search | null = null;
  #watched: readonly Watched[] = [];
  #text = '';
  #mode: SearchMode = 'begins';
  /** Table that is searched; null: all of them. */
  #table: string | null = null;
  #isChanging = false;

  constructor(device: Device, onChange: () => void) {
    this.#device = device;
    this.#onChange = onChange;
  }

  get text(): string {
    return this.#text;
  }
  get mode(): SearchMode {
    return this.#mode;
  }
  /** Label of the table that is searched; null: all of them. */
  get tableLabel(): string | null {
    return this.#table === null ? null : this.#labelOf(this.#table);
  }

  /** Searches for a text from now on. */
  type(text: string): void {
    this.#text = text.slice(0, 200);
    this.#change(() => this.#ask());
  }

  nextMode(): void {
    this.#mode =
      searchModes[(searchModes.indexOf(this.#mode) + 1) % searchModes.length] ?? 'begins';
    this.#change(() => this.#ask());
  }

  /** All tables, or one after the other. */
  moveTable(by: 1 | -1): void {
    const choices = [null, ...this.#tables()];
    const at = choices.indexOf(this.#table);
    this.#table = choices[(at + by + choices.length) % choices.length] ?? null;
    this.#change(() => this.#watch());
  }

  /** Results with hits, in the order of the site map; with one table, its result whatever it is. */
  groups(): readonly SearchGroup[] {
    if (this.#device.search !== this.#search) this.#change(() => this.#watch());
    if (this.#text.trim() === '') return [];
    return this.#watched.flatMap(({ table, label, result }) => {
      if (result === null) return [];
      const isShown = this.#table !== null || (result.kind === 'found' && result.hits.length > 0);
      return isShown ? [{ table, label, result }] : [];
    });
  }

  /** All hits in the order in which they are shown. */
  hits(): readonly SearchHit[] {
    return this.groups().flatMap(({ result }) => (result.kind === 'found' ? result.hits : []));
  }

  close(): void {
    for (const one of this.#watched) one.subscription.unsubscribe();
    this.#watched = [];
    this.#search = null;
  }

  #tables(): readonly string[] {
    const { model, store } = this.#device;
    return siteMapTables(model.siteMap)
      .filter(
        (table) =>
          store.schema.has(table) &&
          model.savedQueries.some(
            (view) => view.table === table && view.queryType === queryTypes.quickFind,
          ),
      )
      .slice(0, maxTables);
  }

  #labelOf(table: string): string {
    return this.#device.model.tables.find((one) => one.name === table)?.pluralLabel ?? table;
  }

  #request(table: string): SearchRequest {
    const limit = this.#table === null ? hitsOfMany : hitsOfOne;
    return { table, term: this.#text, mode: this.#mode, limit };
  }

  #ask(): void {
    for (const one of this.#watched) one.requests.next(this.#request(one.table));
  }

  #watch(): void {
    this.close();
    this.#search = this.#device.search;
    const tables = this.#table === null ? this.#tables() : [this.#table];
    this.#watched = tables.map((table) => this.#open(this.#device.search, table));
  }

  #open(search: Search, table: string): Watched {
    const requests = new BehaviorSubject(this.#request(table));
    let first: SearchResult | null = null;
    const take: { watched: Watched | null } = { watched: null };
    const subscription = search.live(requests).subscribe((result) => {
      if (take.watched === null) first = result;
      else take.watched.result = result;
      if (!this.#isChanging) this.#onChange();
    });
    take.watched = { table, label: this.#labelOf(table), requests, subscription, result: first };
    return take.watched;
  }

  #change(work: () => void): void {
    this.#isChanging = true;
    try {
      work();
    } finally {
      this.#isChanging = false;
    }
  }
}
