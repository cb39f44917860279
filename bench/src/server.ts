/** What does the organization pay for its change log, and what does it gain by it? On both stores. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Cell } from '@outpost/model';
import { generateRows, sampleApp, sampleUsers } from '@outpost/sample';
import { createServer, type Organization, type ServerStore, tokenList } from '@outpost/server';
import { sqliteStore } from '@outpost/server/node';
import { postgresStore } from '@outpost/server/postgres';
import { seededRandom, testSystem } from '@outpost/testkit';
import type { Report } from './report.ts';

const rowCount = Number(process.env['BENCH_ROWS'] ?? 10_000);
/** Changes of others between two questions of a device. */
const changes = Number(process.env['BENCH_CHANGES'] ?? 20_000);
const writes = 2000;
const pulls = 1000;
const address = process.env['OUTPOST_POSTGRES'];

export async function server(report: Report): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'outpost-bench-'));
  const schema = (name: string) => `bench_${process.pid}_${name}`;
  const random = seededRandom(1);
  const stores: Readonly<Record<string, (name: string) => ServerStore>> = {
    'node:sqlite': (name) => sqliteStore(join(folder, `${name}.db`)),
    ...(address === undefined
      ? {}
      : { PostgreSQL: (name: string) => postgresStore(address, { schema: schema(name), random }) }),
  };
  try {
    for (const [engine, open] of Object.entries(stores)) {
      await log(report, engine, open);
      await deltas(report, engine, open('deltas'));
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function openOrganization(store: ServerStore): Promise<Organization> {
  const system = testSystem(1);
  const tokens = Object.entries(sampleUsers).map(([name, { id }]) => [name, id] as const);
  const organization = await createServer({
    store,
    model: sampleApp,
    auth: tokenList(new Map(tokens)),
    system,
    limits: 'off',
  });
  const now = system.clock.now();
  await organization.load(generateRows({ random: seededRandom(1), now, rows: rowCount }));
  return organization;
}

/** The same writes with the change log, and without: its rows and positions are not written. */
async function log(
  report: Report,
  engine: string,
  open: (name: string) => ServerStore,
): Promise<void> {
  const withLog = await openOrganization(open('log'));
  const without = await openOrganization(unlogged(open('nolog')));
  const id = (n: number) => `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;
  const time = async (organization: Organization, from: number): Promise<number> => {
    const user = organization.as(sampleUsers.ana.id);
    const start = process.hrtime.bigint();
    for (let n = from; n < from + writes / 4; n++) {
      await user.create({ table: 'account', id: id(n), values: { name: `Row ${n}` } });
    }
    return Number(process.hrtime.bigint() - start) / 1e6;
  };
  let [ours, peer] = [0, 0];
  // They take turns, so that a busy machine slows both.
  for (let part = 0; part < 5; part++) {
    const [a, b] = [await time(withLog, part * writes), await time(without, part * writes)];
    if (part > 0) [ours, peer] = [ours + a, peer + b];
  }
  report({
    bench: 'server',
    case: `${writes} creates with the change log, ${engine}`,
    metric: 'time',
    unit: 'ms',
    ours,
    peer,
    peerName: 'without it',
  });
  await withLog.close();
  await without.close();
}

function unlogged(store: ServerStore): ServerStore {
  const { engine } = store;
  const clock = { ...engine.clock, position: async () => 1 };
  return {
    engine: { ...engine, clock },
    read: (fn) => store.read(fn),
    write: (fn) =>
      store.write((tx) =>
        fn({
          ...tx,
          engine: { ...tx.engine, clock },
          run: async (sql, params) =>
            sql.startsWith('INSERT INTO "$log"') ? 1 : tx.run(sql, params),
        }),
      ),
    close: () => store.close(),
  };
}

/** A device that asks what is new after many changes of others, and after none. */
async function deltas(report: Report, engine: string, store: ServerStore): Promise<void> {
  const organization = await openOrganization(store);
  const { id: userId } = sampleUsers.ana;
  const ask = async (method: 'GET' | 'POST', url: string, body: unknown, user: string) => {
    const answered = await organization.handle({
      method,
      url,
      headers: { authorization: `Bearer ${user}` },
      body: body === null ? null : new TextEncoder().encode(JSON.stringify(body)),
    });
    if (answered.status !== 200) throw new Error(answered.body);
    return JSON.parse(answered.body) as Pulled & Greeting;
  };
  const device = { id: 'bench', epoch: 'e' };
  const hello = { device, previous: [], takeOver: false, uncounted: ['account'] };
  const { current, plan } = await ask('POST', '/sync/v1/hello', hello, 'ana');
  const view = plan.find((one) => one.table === 'account')?.view ?? '';
  const pull = (token: string | null) =>
    ask(
      'POST',
      '/sync/v1/pull',
      {
        device,
        seen: current,
        from: [{ token, tables: ['account'] }],
        views: token === null ? {} : { account: view },
        awaiting: [],
        maxRows: 2000,
      },
      'ana',
    );
  const token = (await pull(null)).tokens[0]?.token ?? '';
  const before = await position(store);

  const others = organization.as(sampleUsers.carla.id);
  // Of another business unit, which Ana's rights do not reach.
  const foreign = await store.read((tx) =>
    tx.all(
      `SELECT accountid FROM account WHERE "$bu" <> (SELECT businessunitid FROM systemuser WHERE systemuserid = ?) ORDER BY 1`,
      [userId],
    ),
  );
  const mine = await store.read((tx) =>
    tx.all('SELECT accountid FROM account WHERE "$owner" = ? ORDER BY 1 LIMIT 5', [userId]),
  );
  for (let n = 0; n < changes; n++) {
    const target = String(foreign[n % foreign.length]?.[0]);
    await others.update({ table: 'account', id: target, values: { telephone1: String(n) } });
  }
  for (const [row] of mine) {
    await others.update({ table: 'account', id: String(row), values: { telephone1: 'mine' } });
  }
  await organization.metrics();
  const repeats = 20;
  let [ours, peer] = [0, 0];
  for (let n = -3; n < repeats; n++) {
    const a = process.hrtime.bigint();
    const found = await pull(token);
    const b = process.hrtime.bigint();
    const same = await byVersionOnly(store, before, userId);
    const c = process.hrtime.bigint();
    const rows = found.changes.flatMap((one) => one.rows).length;
    if (rows < mine.length || same < mine.length) throw new Error(`${rows} and ${same} rows`);
    if (n >= 0) [ours, peer] = [ours + Number(b - a) / 1e6, peer + Number(c - b) / 1e6];
  }
  report({
    bench: 'server',
    case: `delta after ${changes} changes of others, ${engine}`,
    metric: 'time',
    unit: 'ms',
    ours: ours / repeats,
    peer: peer / repeats,
    peerName: 'the log by version only, then rights',
  });

  const quiet = (await pull(token)).tokens[0]?.token ?? token;
  const timed = async (run: () => Promise<unknown>) => {
    for (let n = 0; n < 50; n++) await run();
    const start = process.hrtime.bigint();
    for (let n = 0; n < pulls; n++) await run();
    return Number(process.hrtime.bigint() - start) / 1e6 / pulls;
  };
  const nothing = await timed(() => pull(quiet));
  const whoAmI = await timed(() => ask('GET', '/api/data/v9.2/WhoAmI', null, 'ana'));
  report({
    bench: 'server',
    case: `no-change delta, ${Math.round(1000 / nothing)}/s, ${engine}`,
    metric: 'time',
    unit: 'ms',
    ours: nothing,
    peer: whoAmI,
    peerName: 'WhoAmI of the same user',
  });
  await organization.close();
}

interface Pulled {
  readonly tokens: readonly { readonly token: string }[];
  readonly changes: readonly { readonly rows: readonly unknown[] }[];
}

interface Greeting {
  readonly current: unknown;
  readonly plan: readonly { readonly table: string; readonly view: string }[];
}

function position(store: ServerStore): Promise<number> {
  return store.read((tx) => tx.engine.clock.watermark(tx));
}

/** What a feed without scopes does: every change of everybody, and then which of the rows the user may have. */
async function byVersionOnly(store: ServerStore, from: number, userId: string): Promise<number> {
  return store.read(async (tx) => {
    const logged = await tx.all(
      'SELECT DISTINCT pk FROM "$log" WHERE tbl = ? AND position > ? ORDER BY pk',
      ['account', from],
    );
    let rows = 0;
    for (let at = 0; at < logged.length; at += 5000) {
      const ids = logged.slice(at, at + 5000).map((row): Cell => row[0] ?? null);
      const among = tx.engine.dialect.inList('accountid', ids);
      const found = await tx.all(`SELECT * FROM account WHERE "$owner" = ? AND ${among.text}`, [
        userId,
        ...among.params,
      ]);
      rows += found.length;
    }
    return rows;
  });
}
