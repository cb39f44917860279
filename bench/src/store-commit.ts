/** How much does one durable edit cost, against stock sql.js that writes its whole image to a file and syncs it? */
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
import { openSqlJs } from '@outpost/store';
import { fileStorage } from '@outpost/store/node';
import { medianMs, type Report } from './report.ts';

interface StockDatabase {
  run(sql: string, params?: readonly unknown[]): void;
  export(): Uint8Array;
  close(): void;
}
type Init = () => Promise<{ Database: new () => StockDatabase }>;

const insert = 'INSERT INTO contact (id, name, phone) VALUES (?, ?, ?)';

export async function storeCommit(report: Report): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'outpost-bench-'));
  try {
    for (const rows of [1_000, 50_000]) {
      const driver = await openSqlJs(
        await fileStorage(folder, `ours-${rows}`).open(),
        `ours-${rows}.db`,
      );
      const SQL = await (createRequire(import.meta.url)('sql.js') as Init)();
      const stock = new SQL.Database();
      const create = 'CREATE TABLE contact (id INTEGER PRIMARY KEY, name TEXT, phone TEXT)';
      driver.exec(create);
      stock.run(create);
      driver.transaction(() => {
        for (let n = 0; n < rows; n++) driver.prepare(insert).run([n, `Name ${n}`, `+47 ${n}`]);
      });
      stock.run('BEGIN');
      for (let n = 0; n < rows; n++) stock.run(insert, [n, `Name ${n}`, `+47 ${n}`]);
      stock.run('COMMIT');
      const update = 'UPDATE contact SET phone = ? WHERE id = ?';
      const ours = medianMs(15, (run) =>
        driver.transaction(() => driver.prepare(update).run([`x${run}`, 7])),
      );
      const path = join(folder, `stock-${rows}.db`);
      const peer = medianMs(15, (run) => {
        stock.run(update, [`x${run}`, 7]);
        const file = openSync(`${path}.new`, 'w');
        writeSync(file, stock.export());
        fsyncSync(file);
        closeSync(file);
        renameSync(`${path}.new`, path);
      });
      report({
        bench: 'store-commit',
        case: `${rows} rows, one durable update`,
        metric: 'time',
        unit: 'ms',
        ours,
        peer,
        peerName: 'sql.js export + fsync',
      });
      driver.close();
      stock.close();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
