/** What does search cost with an index in the database, against indexes in memory, FTS4, and a LIKE scan? */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import {
  type AppModel,
  type Clock,
  defineApp,
  defineTable,
  fold,
  indexModel,
  withSystemTables,
} from '@outpost/model';
import { createQueryEngine, foldedSlots } from '@outpost/query';
import { createSearch, type Search, SearchIndex, searchModule } from '@outpost/search';
import { type DeviceStore, openStore, type StorageLocation } from '@outpost/store';
import { fileStorage, memoryStorage } from '@outpost/store/node';
import { loadRows } from './load-rows.ts';
import { medians, type Report } from './report.ts';
import {
  type BuiltPeer,
  buildPeers,
  heapUsed,
  milliseconds,
  type SearchPeer,
} from './search-peers.ts';
import { type SearchRow, searchFields, searchRows, searchTerms } from './search-rows.ts';

const rowCount = Number(process.env['BENCH_ROWS'] ?? 100_000);
const termCount = 120;
const updateRows = 300;
const find = searchFields
  .map((one) => `<condition attribute="${one}" operator="like" value="{0}"/>`)
  .join('');
const model: AppModel = withSystemTables(
  defineApp({
    name: 'Bench',
    uniqueName: 'bench',
    tables: [
      defineTable({
        name: 'contact',
        label: 'Contact',
        primaryName: 'fullname',
        ownership: 'user',
        columns: {
          fullname: { type: 'string' },
          emailaddress1: { type: 'string', format: 'email' },
          telephone1: { type: 'string', format: 'phone' },
          city: { type: 'string' },
          description: { type: 'memo' },
        },
      }),
    ],
    savedQueries: [
      {
        id: 'quick',
        name: 'Quick Find',
        table: 'contact',
        queryType: 4,
        isDefault: false,
        layout: [],
        fetchXml: `<fetch><entity name="contact"><attribute name="fullname"/><attribute name="city"/><order attribute="fullname"/><filter type="or" isquickfindfields="1">${find}</filter></entity></fetch>`,
      },
    ],
  }),
);
const byName = indexModel(model);
const offlineTables = new Set(['contact']);

/** Runs what is scheduled when told to. */
class ManualClock implements Clock {
  #due: (() => void)[] = [];
  now(): number {
    return 0;
  }
  schedule(_at: number, callback: () => void): () => void {
    this.#due.push(callback);
    return () => {
      this.#due = this.#due.filter((one) => one !== callback);
    };
  }
  run(): void {
    for (let next = this.#due.shift(); next !== undefined; next = this.#due.shift()) next();
  }
}

interface Opened {
  readonly store: DeviceStore;
  readonly clock: ManualClock;
  readonly index: SearchIndex;
  readonly search: Search;
}

async function open(folder: string): Promise<Opened> {
  const store = await openBare(inFolder(folder));
  return { store, ...attach(store) };
}

function inFolder(folder: string): StorageLocation {
  return fileStorage(folder, 'bench');
}

async function openBare(storage: StorageLocation): Promise<DeviceStore> {
  const store = await openStore({
    storage,
    modules: [searchModule],
    foldedSlots,
    integrity: 'never',
  });
  store.applySchema(model, ['contact']);
  return store;
}

function attach(store: DeviceStore): Omit<Opened, 'store'> {
  const clock = new ManualClock();
  const index = new SearchIndex({ store, model: byName, clock });
  const context = () => ({ now: 0, timeZone: 'UTC', userId: null, businessUnitId: null });
  const queries = createQueryEngine({ store, model: byName, offlineTables, context });
  return {
    clock,
    index,
    search: createSearch({ store, queries, model: byName, index, offlineTables }),
  };
}

interface Times {
  readonly p50: number;
  readonly p95: number;
}

/** The fastest of three runs per term: what a term costs, without what else the machine does. */
function timed(terms: readonly string[], run: (term: string) => unknown): Times {
  for (const term of terms.slice(0, 10)) run(term);
  const times = terms.map((term) => {
    let best = Number.POSITIVE_INFINITY;
    for (let i = 0; i < 3; i++) {
      const start = process.hrtime.bigint();
      run(term);
      best = Math.min(best, milliseconds(start));
    }
    return best;
  });
  return percentiles(times);
}

function percentiles(times: readonly number[]): Times {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (part: number) => sorted[Math.floor(sorted.length * part)] ?? 0;
  return { p50: at(0.5), p95: at(0.95) };
}

export async function search(report: Report): Promise<void> {
  setFlagsFromString('--expose_gc');
  Object.assign(globalThis, { gc: runInNewContext('gc') });
  const rows = searchRows(rowCount);
  const terms = searchTerms(rows, termCount);
  const [folder, bareFolder] = [temporary(), temporary()];
  const say = (name: string, unit: string, ours: number, peer: number, peerName: string) =>
    report({
      bench: 'search',
      case: name,
      metric: unit === 'MB' ? 'size' : 'time',
      unit,
      ours,
      peer,
      peerName,
    });

  // Ours: rows first, then the index over them.
  let ours = await open(folder);
  load(ours.store, rows);
  const bare = await openBare(inFolder(bareFolder));
  load(bare, rows);
  await bare.close();
  ours.store.checkpoint();
  const bareBytes = ours.store.sizeBytes();
  const heapBefore = heapUsed();
  const start = process.hrtime.bigint();
  ours.clock.run();
  await ours.index.settled('contact');
  const buildMs = milliseconds(start);
  const bytes = ours.store.sizeBytes() - bareBytes;
  const heapBytes = Math.max(1, heapUsed() - heapBefore);
  await ours.store.close();
  const firstTerm = terms.prefix[0] ?? '';
  const colds: number[] = [];
  for (let i = 0; i < 5; i++) {
    const from = process.hrtime.bigint();
    ours = await open(folder);
    ids(ours.search, firstTerm, 'words', 50);
    colds.push(milliseconds(from));
    if (i < 4) await ours.store.close();
  }
  const cold = percentiles(colds).p50;

  const peers = await buildPeers(rows);
  const fts = buildFts(ours.store);
  const all: readonly BuiltPeer[] = [...peers, fts];
  for (const { peer, buildMs: peerMs, heapBytes: peerHeap } of all) {
    say('build', 'ms', buildMs, peerMs, peer.name);
    say('size of the saved index', 'MB', bytes / 1e6, peer.bytes / 1e6, peer.name);
    if (peerHeap > 0) say('memory of the index', 'MB', heapBytes / 1e6, peerHeap / 1e6, peer.name);
    const peerCold = await peer.coldOpen(firstTerm);
    if (peerCold !== null) say('cold open to the first hit', 'ms', cold, peerCold, peer.name);
  }

  const scan = scanOf(ours.store);
  const kinds: readonly (readonly [
    'prefix' | 'two' | 'contains' | 'typo',
    (term: string) => string,
  ])[] = [
    ['prefix', (term) => term],
    ['two', (term) => term],
    ['contains', (term) => `*${term}`],
    ['typo', (term) => term],
  ];
  for (const [kind, typed] of kinds) {
    const mode = kind === 'typo' ? 'smart' : 'words';
    const matching = timed(terms[kind], (term) => ids(ours.search, typed(term), mode, 0));
    const shown = timed(terms[kind], (term) => ids(ours.search, typed(term), mode, 50));
    const compare = (what: string, mine: Times, theirs: Times, name: string) => {
      say(`${kind}, ${what}, median`, 'ms', mine.p50, theirs.p50, name);
      say(`${kind}, ${what}, 95th percentile`, 'ms', mine.p95, theirs.p95, name);
    };
    for (const { peer } of all) {
      if (peer[kind](terms[kind][0] ?? '') === null) continue;
      const theirs = timed(terms[kind], (term) => peer[kind](term));
      compare('all matches ranked', matching, theirs, peer.name);
      const withRows = timed(terms[kind], (term) =>
        readRows(ours.store, (peer[kind](term) ?? []).slice(0, 50)),
      );
      compare('50 rows read', shown, withRows, `${peer.name} and rows by id`);
    }
    if (kind !== 'contains' && kind !== 'prefix') continue;
    const theirs = timed(terms[kind].slice(0, 20), (term) => scan(term));
    compare('all matches ranked', matching, theirs, 'LIKE scan');
  }
  console.error(
    compareResults(
      ours.search,
      rows,
      terms,
      all.map((one) => one.peer),
    ),
  );

  const changed = (n: number): SearchRow => {
    // Somebody has another family name.
    const row = rows[(n * 37) % rows.length] as SearchRow;
    const other = rows[(n * 91 + 5) % rows.length] as SearchRow;
    const [given = ''] = row.fullname.split(' ');
    return { ...row, fullname: `${given} ${other.fullname.split(' ')[1] ?? ''}` };
  };
  ours.store.driver.exec('DROP TRIGGER fts_before; DROP TRIGGER fts_after');
  const update = await updates(ours.store, await openBare(inFolder(bareFolder)), changed);
  say(
    'one row updated, of 300 in a commit to a file',
    'ms',
    update.ours,
    update.bare,
    'without index',
  );
  const [indexed, plain] = [await openBare(memoryStorage()), await openBare(memoryStorage())];
  for (const store of [indexed, plain]) load(store, rows);
  attach(indexed).clock.run();
  const inMemory = await updates(indexed, plain, changed);
  await indexed.close();
  say(
    'one row updated, of 300 in a commit in memory',
    'ms',
    inMemory.ours,
    inMemory.bare,
    'without index',
  );
  for (const { peer } of peers) {
    const times: number[] = [];
    for (let n = 0; n < 50; n++) {
      const from = process.hrtime.bigint();
      await peer.update(changed(n));
      times.push(milliseconds(from));
    }
    say('one row updated', 'ms', update.ours, percentiles(times).p50, peer.name);
  }
  await ours.store.close();
  for (const one of [folder, bareFolder]) rmSync(one, { recursive: true });
}

function temporary(): string {
  return mkdtempSync(join(tmpdir(), 'outpost-bench-'));
}

function load(store: DeviceStore, rows: readonly SearchRow[]): void {
  loadRows(store, 'contact', rows.length, ['contactid', ...searchFields], (n) => {
    const row = rows[n];
    return row === undefined ? [] : [row.id, ...searchFields.map((field) => row[field])];
  });
}

function ids(
  engine: Search,
  term: string,
  mode: 'words' | 'smart',
  limit: number,
): readonly string[] {
  const result = engine.query({ table: 'contact', term, mode, anyColumn: true, limit });
  if (result.kind === 'refused') throw new Error(result.message);
  return result.hits.map((hit) => hit.row.id);
}

/** The same rows in the same database, without index. */
async function updates(
  store: DeviceStore,
  bare: DeviceStore,
  row: (n: number) => SearchRow,
): Promise<{ readonly ours: number; readonly bare: number }> {
  const update = (one: DeviceStore, round: number) =>
    one.write({ origin: 'local' }, (tx) => {
      for (let i = 0; i < updateRows; i++) {
        const { id, fullname } = row(round * updateRows + i);
        tx.update('contact', id, { fullname });
      }
    });
  const medianOf = medians(21, 4, {
    ours: (round) => update(store, round + 4),
    bare: (round) => update(bare, round + 4),
  });
  await bare.close();
  return { ours: medianOf.ours / updateRows, bare: medianOf.bare / updateRows };
}

/** Columns of rows by their ids. */
function readRows({ driver }: DeviceStore, wanted: readonly string[]): unknown {
  return driver
    .prepare(
      `SELECT contactid, ${searchFields.join(', ')} FROM contact WHERE contactid IN (SELECT value FROM json_each(?))`,
    )
    .all([JSON.stringify(wanted)]);
}

/** SQLite's own full-text index over the same table. */
function buildFts({ driver }: DeviceStore): BuiltPeer {
  const columns = searchFields.join(', ');
  const before = driver.stats().bytes;
  const start = process.hrtime.bigint();
  driver.exec(
    `CREATE VIRTUAL TABLE fts USING fts4(${columns}, content="contact", tokenize=unicode61 "remove_diacritics=2");
     INSERT INTO fts(fts) VALUES ('rebuild')`,
  );
  const buildMs = milliseconds(start);
  const values = searchFields.map((field) => `new.${field}`).join(', ');
  driver.exec(
    `CREATE TEMP TRIGGER fts_before BEFORE UPDATE ON main.contact BEGIN DELETE FROM fts WHERE docid = old._rid; END;
     CREATE TEMP TRIGGER fts_after AFTER UPDATE ON main.contact BEGIN INSERT INTO fts(docid, ${columns}) VALUES (new._rid, ${values}); END`,
  );
  const match = (expression: string) =>
    driver
      .prepare(
        'SELECT contactid FROM contact WHERE _rid IN (SELECT docid FROM fts WHERE fts MATCH ?)',
      )
      .all([expression])
      .map(([id]) => String(id));
  const prefixes = (term: string) =>
    term
      .split(' ')
      .map((word) => `${word}*`)
      .join(' ');
  const peer: SearchPeer = {
    name: 'SQLite FTS4',
    bytes: driver.stats().bytes - before,
    coldOpen: () => Promise.resolve(null),
    update: () => null,
    prefix: (term) => match(prefixes(term)),
    two: (term) => match(prefixes(term)),
    contains: () => null,
    typo: () => null,
  };
  return { peer, buildMs, heapBytes: 0 };
}

/** Rows that contain a folded term anywhere, by LIKE over the folded columns. */
function scanOf({ driver, schema }: DeviceStore): (term: string) => readonly string[] {
  const known = schema.get('contact')?.slotIndex;
  const tests = searchFields.map((field) =>
    known?.has(`${field}$f`) === true ? `"${field}$f" LIKE ?1` : `${field} LIKE ?1`,
  );
  const sql = `SELECT contactid FROM contact WHERE ${tests.join(' OR ')}`;
  return (term) =>
    driver
      .prepare(sql)
      .all([`%${term}%`])
      .map(([id]) => String(id));
}

/** How much of what a look at every row finds each engine finds, and how much else. */
function compareResults(
  engine: Search,
  rows: readonly SearchRow[],
  terms: ReturnType<typeof searchTerms>,
  peers: readonly SearchPeer[],
): string {
  const tokens = rows.map(({ id, ...fields }) => ({
    id,
    tokens: searchFields
      .filter((field) => field !== 'telephone1')
      .flatMap((field) => fold(fields[field]).match(/[\p{L}\p{N}]+/gu) ?? []),
  }));
  const all = rows.length;
  const lines: string[] = [];
  for (const kind of ['prefix', 'two', 'contains'] as const) {
    const some = terms[kind].slice(0, 20);
    const truth = some.map((term) => {
      const wanted = term.split(' ');
      const test = (token: string, word: string) =>
        kind === 'contains' ? token.includes(word) : token.startsWith(word);
      return new Set(
        tokens
          .filter((row) => wanted.every((word) => row.tokens.some((token) => test(token, word))))
          .map((row) => row.id),
      );
    });
    const engines: [string, (term: string) => readonly string[] | null][] = [
      ['ours', (term) => ids(engine, kind === 'contains' ? `*${term}` : term, 'words', all)],
      ...peers.map((peer): [string, (term: string) => readonly string[] | null] => [
        peer.name,
        (term) => peer[kind](term),
      ]),
    ];
    for (const [name, run] of engines) {
      let [found, right, wanted] = [0, 0, 0];
      for (const [i, term] of some.entries()) {
        const result = run(term);
        if (result === null) break;
        found += result.length;
        right += result.filter((id) => truth[i]?.has(id)).length;
        wanted += truth[i]?.size ?? 0;
      }
      if (wanted === 0) continue;
      const percent = (part: number, of: number) => `${((part / of) * 100).toFixed(1)}%`;
      lines.push(
        `${kind}: ${name} finds ${percent(right, wanted)} of the matching rows; ${percent(right, Math.max(1, found))} of what it finds matches`,
      );
    }
  }
  return lines.join('\n');
}
