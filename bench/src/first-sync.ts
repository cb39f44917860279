/** What does an initial sync over HTTP cost, against the bare inserts of the same rows into the same database? */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDevice } from '@outpost/device';
import { generateRows, sampleApp, sampleUsers } from '@outpost/sample';
import { createServer, tokenList } from '@outpost/server';
import { listen, sqliteStore } from '@outpost/server/node';
import { openDatabase, quoted } from '@outpost/store';
import { fileStorage } from '@outpost/store/node';
import { httpTransport, staticToken } from '@outpost/sync/http';
import { seededRandom, testSystem } from '@outpost/testkit';
import type { Report } from './report.ts';

export async function firstSync(report: Report): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'outpost-bench-'));
  const system = testSystem(1);
  const auth = tokenList(new Map([['token', sampleUsers.ana.id]]));
  const organization = await createServer({
    store: sqliteStore(null),
    model: sampleApp,
    auth,
    system,
  });
  await organization.load(
    generateRows({ random: seededRandom(1), now: system.clock.now(), rows: 10_000 }),
  );
  const server = await listen(organization);
  const transport = httpTransport({ url: server.url, tokens: staticToken('token') });
  const device = await openDevice({ storage: fileStorage(folder, 'device'), transport });
  try {
    const start = process.hrtime.bigint();
    await device.sync.run('DELTA_SYNC');
    const ours = Number(process.hrtime.bigint() - start) / 1e6;
    const tables = [...device.store.schema.values()].map(({ table, slots }) => {
      const names = slots.map((slot) => quoted(slot.name)).join(', ');
      return {
        name: quoted(table.name),
        names,
        count: slots.length,
        rows: device.store.all(`SELECT ${names} FROM ${quoted(table.name)}`),
      };
    });
    const bare = await openDatabase(fileStorage(folder, 'bare'));
    const peerStart = process.hrtime.bigint();
    let total = 0;
    for (const { name, names, count, rows } of tables) {
      bare.transaction(() => {
        bare.exec(`CREATE TABLE ${name} (${names})`);
        const insert = bare.prepare(
          `INSERT INTO ${name} VALUES (${Array.from({ length: count }, () => '?').join(', ')})`,
        );
        for (const row of rows) insert.run(row);
      });
      total += rows.length;
    }
    const peer = Number(process.hrtime.bigint() - peerStart) / 1e6;
    await bare.close();
    report({
      bench: 'first-sync',
      case: `${total} rows of the sample app, HTTP and server included`,
      metric: 'time',
      unit: 'ms',
      ours,
      peer,
      peerName: 'bare sql.js inserts',
    });
  } finally {
    await device.close();
    await server.close();
    await organization.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
