/** What does an initial sync over HTTP cost, against the bare inserts of the same rows, and what travels? */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDevice } from '@outpost/device';
import type { AppModel } from '@outpost/model';
import { generateRows, sampleApp, sampleUsers } from '@outpost/sample';
import { createServer, tokenList } from '@outpost/server';
import { listen, sqliteStore } from '@outpost/server/node';
import { openDatabase, quoted } from '@outpost/store';
import { fileStorage } from '@outpost/store/node';
import { httpTransport, staticToken } from '@outpost/sync/http';
import { seededRandom, testSystem } from '@outpost/testkit';
import type { Report } from './report.ts';

/** Rows of the organization; all of them are the user's. */
const rowCount = Number(process.env['BENCH_ROWS'] ?? 100_000);

/** Every row belongs on the device. */
const model: AppModel = {
  ...sampleApp,
  profile: {
    ...sampleApp.profile,
    items: sampleApp.profile.items.map(({ table, intervalMinutes }) => ({
      table,
      intervalMinutes,
      criteria: 'all',
      relationships: [],
    })),
  },
};

export async function sync(report: Report): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'outpost-bench-'));
  const system = testSystem(1);
  const auth = tokenList(new Map([['token', sampleUsers.carla.id]]));
  const organization = await createServer({
    store: sqliteStore(null),
    model,
    auth,
    system,
    limits: 'off',
  });
  await organization.load(
    generateRows({ random: seededRandom(1), now: system.clock.now(), rows: rowCount }),
  );
  const server = await listen(organization);
  let wire = 0;
  const counting: typeof fetch = async (url, init) => {
    const response = await fetch(url, init);
    if (String(url).endsWith('/page')) wire += Number(response.headers.get('content-length') ?? 0);
    return response;
  };
  const transport = httpTransport({
    url: server.url,
    tokens: staticToken('token'),
    fetch: counting,
  });
  const device = await openDevice({ storage: fileStorage(folder, 'device'), transport });
  try {
    const start = process.hrtime.bigint();
    await device.sync.run('DELTA_SYNC');
    const ours = Number(process.hrtime.bigint() - start) / 1e6;
    const idle = process.hrtime.bigint();
    const repeats = 20;
    for (let i = 0; i < repeats; i++) await device.sync.run('DELTA_SYNC');
    const nothing = Number(process.hrtime.bigint() - idle) / 1e6 / repeats;
    const checking = process.hrtime.bigint();
    await device.sync.verify();
    const verify = Number(process.hrtime.bigint() - checking) / 1e6;
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
    const line = (
      name: string,
      mine: number,
      unit: 'ms' | 'bytes',
      theirs: number,
      peerName: string,
    ) =>
      report({
        bench: 'sync',
        case: name,
        metric: unit === 'ms' ? 'time' : 'size',
        unit,
        ours: mine,
        peer: theirs,
        peerName,
      });
    const json = tables.reduce((sum, one) => sum + JSON.stringify(one.rows).length, 0);
    line(`initial sync, ${total} rows, end to end`, ours, 'ms', peer, 'bare sql.js inserts');
    line('a row on the wire', wire / total, 'bytes', json / total, 'its JSON');
    line('a cycle without changes', nothing, 'ms', ours, 'the initial sync');
    line('comparing all rows with the organization', verify, 'ms', ours, 'the initial sync');
  } finally {
    await device.close();
    await server.close();
    await organization.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
