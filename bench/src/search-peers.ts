import { fold } from '@outpost/model';
import { type SearchRow, searchFields } from './search-rows.ts';

/** Another search engine over the same rows. */
export interface SearchPeer {
  readonly name: string;
  /** Bytes of the saved index. */
  readonly bytes: number;
  /** Milliseconds from the saved index to the first hit; null: it cannot be saved whole. */
  coldOpen(term: string): Promise<number | null>;
  update(row: SearchRow): unknown;
  /** Ids that match, best first; null: it does not have such searches. */
  prefix(term: string): readonly string[] | null;
  two(term: string): readonly string[] | null;
  contains(term: string): readonly string[] | null;
  typo(term: string): readonly string[] | null;
}

export interface BuiltPeer {
  readonly peer: SearchPeer;
  readonly buildMs: number;
  readonly heapBytes: number;
}

type Load = (name: string) => Promise<unknown>;
type Build = (load: Load, rows: readonly SearchRow[]) => Promise<BuiltPeer>;

/** Heap in use after garbage was collected. */
export function heapUsed(): number {
  const collect = (globalThis as { gc?: () => void }).gc;
  collect?.();
  collect?.();
  const { heapUsed: heap, external } = process.memoryUsage();
  return heap + external;
}

export function milliseconds(since: bigint): number {
  return Number(process.hrtime.bigint() - since) / 1e6;
}

/** The peers that are installed (`npm install` in bench/peers). */
export async function buildPeers(rows: readonly SearchRow[]): Promise<readonly BuiltPeer[]> {
  const { load } = (await import(new URL('../peers/load.mjs', import.meta.url).href)) as {
    load: Load;
  };
  const found: BuiltPeer[] = [];
  for (const [name, build] of [
    ['minisearch', buildMiniSearch],
    ['flexsearch', buildFlexSearch],
    ['@orama/orama', buildOrama],
  ] as readonly (readonly [string, Build])[]) {
    try {
      await load(name);
    } catch {
      console.error(`${name} is not installed: run npm install in bench/peers.`);
      continue;
    }
    found.push(await build(load, rows));
  }
  return found;
}

// MiniSearch: a radix tree in memory, saved as JSON.

interface MiniHit {
  readonly id: string;
}
interface MiniIndex {
  addAll(rows: readonly SearchRow[]): void;
  replace(row: SearchRow): void;
  search(term: string, options: object): readonly MiniHit[];
}
interface MiniSearchClass {
  new (options: object): MiniIndex;
  loadJSON(json: string, options: object): MiniIndex;
}

async function buildMiniSearch(load: Load, rows: readonly SearchRow[]): Promise<BuiltPeer> {
  const { default: MiniSearch } = (await load('minisearch')) as { default: MiniSearchClass };
  const options = { fields: [...searchFields], processTerm: fold };
  const before = heapUsed();
  const start = process.hrtime.bigint();
  const index = new MiniSearch(options);
  index.addAll(rows);
  const buildMs = milliseconds(start);
  const heapBytes = heapUsed() - before;
  const saved = JSON.stringify(index);
  const ids = (hits: readonly MiniHit[]) => hits.map((hit) => hit.id);
  const peer: SearchPeer = {
    name: 'MiniSearch',
    bytes: Buffer.byteLength(saved),
    async coldOpen(term) {
      const from = process.hrtime.bigint();
      MiniSearch.loadJSON(saved, options).search(term, { prefix: true });
      return milliseconds(from);
    },
    update: (row) => index.replace(row),
    prefix: (term) => ids(index.search(term, { prefix: true })),
    two: (term) => ids(index.search(term, { prefix: true, combineWith: 'AND' })),
    contains: () => null,
    typo: (term) => ids(index.search(term, { fuzzy: 1 })),
  };
  return { peer, buildMs, heapBytes };
}

// FlexSearch: resolution maps in memory, exported in parts.

interface FlexDocument {
  add(row: SearchRow): void;
  update(row: SearchRow): void;
  search(term: string, options: object): readonly { readonly result: readonly string[] }[];
  export(part: (key: string, data: string | undefined) => void): unknown;
  import(key: string, data: string): void;
}
interface FlexModule {
  readonly Document: new (options: object) => FlexDocument;
}

async function buildFlexSearch(load: Load, rows: readonly SearchRow[]): Promise<BuiltPeer> {
  const module = (await load('flexsearch')) as FlexModule & { readonly default?: FlexModule };
  const Document = module.default?.Document ?? module.Document;
  const encode = (text: string) => fold(text).match(/[\p{L}\p{N}]+/gu) ?? [];
  const options = {
    document: {
      id: 'id',
      index: searchFields.map((field) => ({ field, tokenize: 'forward', encode })),
    },
  };
  const before = heapUsed();
  const start = process.hrtime.bigint();
  const index = new Document(options);
  for (const row of rows) index.add(row);
  const buildMs = milliseconds(start);
  const heapBytes = heapUsed() - before;
  const parts: [string, string][] = [];
  await index.export((key, data) => {
    if (data !== undefined) parts.push([key, data]);
  });
  const find = (one: FlexDocument, term: string) => [
    ...new Set(one.search(term, { limit: 100_000 }).flatMap((field) => field.result)),
  ];
  const peer: SearchPeer = {
    name: 'FlexSearch',
    bytes: parts.reduce((sum, [, data]) => sum + Buffer.byteLength(data), 0),
    async coldOpen(term) {
      const from = process.hrtime.bigint();
      const opened = new Document(options);
      for (const [key, data] of parts) opened.import(key, data);
      find(opened, term);
      return milliseconds(from);
    },
    update: (row) => index.update(row),
    prefix: (term) => find(index, term),
    // All words in one field.
    two: (term) => find(index, term),
    contains: () => null,
    typo: () => null,
  };
  return { peer, buildMs, heapBytes };
}

// Orama: trees in memory, saved as JSON.

interface OramaModule {
  create(options: object): object;
  insertMultiple(db: object, rows: readonly SearchRow[], batch: number): Promise<unknown>;
  update(db: object, id: string, row: SearchRow): Promise<unknown>;
  search(db: object, options: object): { readonly hits: readonly { readonly id: string }[] };
  save(db: object): object;
  load(db: object, saved: object): void;
}

async function buildOrama(load: Load, rows: readonly SearchRow[]): Promise<BuiltPeer> {
  const orama = (await load('@orama/orama')) as OramaModule;
  const schema = Object.fromEntries(searchFields.map((field) => [field, 'string']));
  const normalize = (text: string) => fold(text).match(/[\p{L}\p{N}]+/gu) ?? [];
  const tokenizer = { language: 'english', normalizationCache: new Map(), tokenize: normalize };
  const options = { schema, components: { tokenizer } };
  const before = heapUsed();
  const start = process.hrtime.bigint();
  const db = orama.create(options);
  await orama.insertMultiple(db, rows, 5000);
  const buildMs = milliseconds(start);
  const heapBytes = heapUsed() - before;
  const saved = JSON.stringify(orama.save(db));
  const find = (one: object, term: string, more: object) =>
    orama.search(one, { term, limit: 100_000, ...more }).hits.map((hit) => hit.id);
  const peer: SearchPeer = {
    name: 'Orama',
    bytes: Buffer.byteLength(saved),
    async coldOpen(term) {
      const from = process.hrtime.bigint();
      const opened = orama.create(options);
      orama.load(opened, JSON.parse(saved) as object);
      find(opened, term, {});
      return milliseconds(from);
    },
    update: (row) => orama.update(db, row.id, row),
    prefix: (term) => find(db, term, {}),
    two: (term) => find(db, term, { threshold: 0 }),
    contains: () => null,
    typo: (term) => find(db, term, { tolerance: 1, exact: false }),
  };
  return { peer, buildMs, heapBytes };
}
