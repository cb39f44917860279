/** What do row images, folded columns and the tripwire cost, against bare statements on the same database? */
import { type AppModel, defineApp, defineTable, withSystemTables } from '@outpost/model';
import { type DeviceStore, type OpenStoreOptions, openStore, type SqlDriver } from '@outpost/store';
import { memoryStorage } from '@outpost/store/node';
import { medians, type Report } from './report.ts';

const model: AppModel = withSystemTables(
  defineApp({
    name: 'Bench',
    uniqueName: 'bench',
    tables: [
      defineTable({
        name: 'contact',
        label: 'Contact',
        primaryName: 'name',
        ownership: 'user',
        columns: {
          name: { type: 'string' },
          ...Object.fromEntries(
            Array.from(
              { length: 14 },
              (_, i) => [`c${i}`, { type: i % 4 === 3 ? 'integer' : 'string' }] as const,
            ),
          ),
        },
      }),
    ],
  }),
);
const id = (n: number): string => `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;
const cells = (n: number): Record<string, string | number> => ({
  name: `Contact ${n}`,
  ...Object.fromEntries(
    Array.from({ length: 14 }, (_, i) => [`c${i}`, i % 4 === 3 ? n * i : `c${i} of contact ${n}`]),
  ),
});
const folded = new Map([['contact', new Set(['c0', 'c1', 'c2', 'c4'])]]);
const rows = 2000;

export async function gateway(report: Report): Promise<void> {
  const open = async (options: Partial<OpenStoreOptions>): Promise<DeviceStore> => {
    const store = await openStore({ storage: memoryStorage(), ...options });
    store.applySchema(model, ['contact']);
    store.write({ origin: 'sync' }, (tx) => {
      for (let n = 0; n < rows; n++) tx.insert('contact', id(n), cells(n));
    });
    return store;
  };
  const guarded = await open({});
  const loose = await open({ tripwire: 'off' });
  const folding = await open({ foldedSlots: () => folded });
  const { driver } = loose;
  const say = (name: string, ours: number, peer: number, peerName: string) =>
    report({ bench: 'gateway', case: name, metric: 'time', unit: 'ms', ours, peer, peerName });

  const updates = medians(3000, 500, {
    ours: (run) => gatewayUpdate(guarded, run),
    loose: (run) => gatewayUpdate(loose, run),
    bare: (run) => bareUpdate(driver, run),
  });
  say('one-row update in a commit without sync', updates.ours, updates.bare, 'a bare UPDATE');
  say('the same', updates.ours, updates.loose, 'without tripwire');

  const names = ['contactid', ...Object.keys(cells(0))];
  const insert = `INSERT INTO contact (${names.join()}) VALUES (${names.map(() => '?').join()})`;
  const inserts = medians(15, 5, {
    guarded: (run) => insertRows(guarded, run),
    loose: (run) => insertRows(loose, run),
    folding: (run) => insertRows(folding, run),
    loaded: (run) => {
      folding.startLoad('contact', rows);
      folding.write({ origin: 'sync' }, (tx) =>
        tx.load(
          'contact',
          names,
          Array.from({ length: rows }, (_, n) => rowOf(next(run, n))),
        ),
      );
      folding.finishLoad('contact');
    },
    bare: (run) =>
      driver.transaction(() => {
        for (let n = 0; n < rows; n++) driver.prepare(insert).run(rowOf(next(run, n) + 5e6));
      }, 'normal'),
  });
  const many = `${rows} inserts in one commit`;
  say(many, inserts.guarded, inserts.bare, 'bare INSERTs');
  say(many, inserts.guarded, inserts.loose, 'without tripwire');
  say(`${many}, five folded columns`, inserts.folding, inserts.guarded, 'one folded column');
  say(
    `${rows} rows loaded, five folded columns`,
    inserts.loaded,
    inserts.bare,
    'bare INSERTs without them',
  );

  const term = 'tact 19';
  const stored = `SELECT count(*) FROM contact WHERE instr("c0$f", ?) > 0`;
  const scanned = `SELECT count(*) FROM contact WHERE instr(outpost_fold("c0"), ?) > 0`;
  const searches = medians(15, 5, {
    ours: () => folding.all(stored, [term]),
    scan: () => folding.all(scanned, [term]),
  });
  say('text contained in a folded column', searches.ours, searches.scan, 'folding in the scan');
  for (const store of [guarded, loose, folding]) await store.close();
}

const next = (run: number, n: number): number => (run + 100) * rows + n + 10_000;
const rowOf = (n: number): (string | number)[] => [id(n), ...Object.values(cells(n))];

function gatewayUpdate(store: DeviceStore, run: number): void {
  store.write({ origin: 'sync' }, (tx) =>
    tx.update('contact', id((run + 20) % rows), { c5: `x${run}`, c6: `y${run}` }),
  );
}

function bareUpdate(driver: SqlDriver, run: number): void {
  driver.transaction(() => {
    const values = [`x${run}`, `y${run}`, id((run + 900) % rows)];
    driver.prepare('UPDATE contact SET c5 = ?, c6 = ? WHERE contactid = ?').run(values);
  }, 'normal');
}

function insertRows(store: DeviceStore, run: number): void {
  store.write({ origin: 'sync' }, (tx) => {
    for (let n = 0; n < rows; n++) tx.insert('contact', id(next(run, n) + 1e6), cells(n));
  });
}
