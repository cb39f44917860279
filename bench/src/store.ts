/**
 * What does SQLite on real files through sql.js cost, against Node's own SQLite with the same settings, against stock
 * sql.js that writes its whole image to a file, and against stock sql.js in memory that keeps nothing?
 */
import {
  closeSync,
  fsyncSync,
  mkdtempSync,
  openSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { openDatabase } from '@outpost/store';
import { fileStorage } from '@outpost/store/node';
import { medians, type Report } from './report.ts';

interface StockDatabase {
  run(sql: string, params?: readonly unknown[]): void;
  prepare(sql: string): { run(params: readonly unknown[]): void; free(): void };
  exec(sql: string): { values: unknown[][] }[];
  export(): Uint8Array;
  close(): void;
}
type Init = () => Promise<{ Database: new () => StockDatabase }>;

const columns = 20;
const rowsPerMegabyte = 2400;
const names = Array.from({ length: columns - 1 }, (_, i) => `c${i}`);
const create = (table: string) =>
  `CREATE TABLE ${table} (id INTEGER PRIMARY KEY, ${names.map((name, i) => `${name} ${i % 4 === 3 ? 'INTEGER' : 'TEXT'}`).join(', ')})`;
const indexes = 'CREATE INDEX i0 ON contact (c0); CREATE INDEX i1 ON contact (c1)';
const insert = (table: string) =>
  `INSERT INTO ${table} VALUES (${Array.from({ length: columns }, () => '?').join(', ')})`;
const update = 'UPDATE contact SET c0 = ?, c1 = ? WHERE id = ?';
const settings =
  'PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-32768; PRAGMA temp_store=MEMORY; PRAGMA foreign_keys=OFF';

const rowOf = (id: number): (string | number)[] => [
  id,
  ...names.map((name, i) => (i % 4 === 3 ? id * i : `${name} of contact ${id}`)),
];

export async function store(report: Report): Promise<void> {
  for (const megabytes of [6, 70]) await measure(megabytes, report);
}

async function measure(megabytes: number, report: Report): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'outpost-bench-'));
  const rows = Array.from({ length: megabytes * rowsPerMegabyte }, (_, id) => rowOf(id));
  const ours = await openDatabase(fileStorage(folder, 'ours'), { require: 'wal' });
  const native = new DatabaseSync(join(folder, 'native.db'));
  native.exec(settings);
  const SQL = await (createRequire(import.meta.url)('sql.js') as Init)();
  const stock = new SQL.Database();
  try {
    const fill = {
      ours: (table: string, from: readonly (string | number)[][]) => {
        ours.exec(create(table));
        ours.transaction(() => {
          const statement = ours.prepare(insert(table));
          for (const row of from) statement.run(row);
        }, 'normal');
      },
      native: (table: string, from: readonly (string | number)[][]) => {
        native.exec(create(table));
        native.exec('PRAGMA synchronous=NORMAL; BEGIN IMMEDIATE');
        const statement = native.prepare(insert(table));
        for (const row of from) statement.run(...row);
        native.exec('COMMIT; PRAGMA synchronous=FULL');
      },
      stock: (table: string, from: readonly (string | number)[][]) => {
        stock.run(create(table));
        stock.run('BEGIN');
        const statement = stock.prepare(insert(table));
        for (const row of from) statement.run(row);
        statement.free();
        stock.run('COMMIT');
      },
    };
    // Once into another table first, so that no engine is measured while it is being compiled.
    const warm = rows.slice(0, 10_000);
    for (const one of Object.values(fill)) one('warm', warm);
    for (const database of [ours, native])
      database.exec('DROP TABLE warm; PRAGMA wal_checkpoint(TRUNCATE)');
    stock.run('DROP TABLE warm');
    const filling = medians(1, 0, {
      ours: () => fill.ours('contact', rows),
      native: () => fill.native('contact', rows),
      stock: () => fill.stock('contact', rows),
    });
    ours.exec(indexes);
    native.exec(indexes);
    stock.run(indexes);
    const size = `${Math.round(ours.stats().bytes / 1e6)} MB`;
    const say = (name: string, mine: number, peer: number, peerName: string) =>
      report({
        bench: 'store',
        case: `${size}, ${name}`,
        metric: 'time',
        unit: 'ms',
        ours: mine,
        peer,
        peerName,
      });
    const bulk = `bulk insert of ${rows.length} rows`;
    say(bulk, filling.ours, filling.native, 'node:sqlite');
    say(bulk, filling.ours, filling.stock, 'sql.js in memory');

    const image = join(folder, 'stock.db');
    const pick = (run: number) => (run * 7919) % rows.length;
    const values = (run: number): [string, string, number] => [`x${run}`, `y${run}`, pick(run + 1)];
    const nativeUpdate = native.prepare(update);
    const full = medians(megabytes > 20 ? 40 : 80, 3, {
      ours: (run) => ours.transaction(() => ours.prepare(update).run(values(run))),
      native: (run) => {
        native.exec('BEGIN IMMEDIATE');
        nativeUpdate.run(...values(run));
        native.exec('COMMIT');
      },
      memory: (run) => {
        stock.run('BEGIN');
        stock.run(update, values(run));
        stock.run('COMMIT');
      },
    });
    say('one durable commit', full.ours, full.native, 'node:sqlite');
    say('one durable commit', full.ours, full.memory, 'sql.js in memory, keeping nothing');
    const exporting = medians(megabytes > 20 ? 5 : 15, 1, {
      stock: (run) => {
        stock.run(update, values(run));
        const file = openSync(`${image}.new`, 'w');
        writeSync(file, stock.export());
        fsyncSync(file);
        closeSync(file);
        renameSync(`${image}.new`, image);
      },
    });
    say('one durable commit', full.ours, exporting.stock, 'sql.js export, sync, rename');

    native.exec('PRAGMA synchronous=NORMAL');
    const normal = medians(300, 20, {
      ours: (run) => ours.transaction(() => ours.prepare(update).run(values(run)), 'normal'),
      native: (run) => {
        native.exec('BEGIN IMMEDIATE');
        nativeUpdate.run(...values(run));
        native.exec('COMMIT');
      },
    });
    say('one commit without sync', normal.ours, normal.native, 'node:sqlite');

    const select = 'SELECT * FROM contact WHERE id = ?';
    const nativeGet = native.prepare(select);
    nativeGet.setReturnArrays(true);
    const points = medians(5, 1, {
      ours: () => {
        for (let i = 0; i < 5000; i++) ours.prepare(select).get([pick(i)]);
      },
      native: () => {
        for (let i = 0; i < 5000; i++) nativeGet.get(pick(i));
      },
    });
    say('5,000 rows by key', points.ours, points.native, 'node:sqlite');

    const all = `SELECT * FROM contact LIMIT 20000`;
    const nativeAll = native.prepare(all);
    nativeAll.setReturnArrays(true);
    const scans = medians(5, 1, {
      ours: () => ours.prepare(all).all(),
      native: () => nativeAll.all(),
      stock: () => stock.exec(all),
    });
    say('up to 20,000 rows at once', scans.ours, scans.native, 'node:sqlite');
    say('up to 20,000 rows at once', scans.ours, scans.stock, 'sql.js in memory');
  } finally {
    await ours.close();
    native.close();
    stock.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
