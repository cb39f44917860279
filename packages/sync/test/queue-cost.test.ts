import type { SqlDriver } from '@outpost/store';
import { lengthOf } from '@outpost/vitest/length';
import { BehaviorSubject } from 'rxjs';
import { expect, test, vi } from 'vitest';
import { Sync } from '../src/index.ts';
import { id, type LocalDevice, openLocalDevice } from './local-device.ts';
import { noTransport } from './no-transport.ts';

/** Edits that wait; the full number by hand. */
const most = lengthOf('OUTPOST_EDITS', { short: 2000, long: 50_000 });

/** Queues edits as if they had been made, without making them one by one. */
function queue(device: LocalDevice, from: number, upTo: number): void {
  device.take((tx) =>
    tx.sql
      .prepare(
        `WITH RECURSIVE n(i) AS (SELECT ?1 UNION ALL SELECT i + 1 FROM n WHERE i < ?2)
         INSERT INTO "$outbox" (epoch, seq, state, op, table_name, row_id, set_json, base_json, base_of, after_json, at)
         SELECT 'e0', i, 'queued', iif(i % 2, 'create', 'update'), 'account', printf('00000000-0000-4000-9000-%012x', i / 2),
           json_object('name', 'Row ' || i, 'parentaccountid', printf('00000000-0000-4000-9000-%012x', i)), '{}', NULL,
           iif(i % 2, '[]', json_array(json_array('e0', i - 1))), ?3 FROM n`,
      )
      .run([from, upTo, new Date(device.clock.now()).toISOString()]),
  );
  device.take((tx) =>
    tx.sql
      .prepare(
        `INSERT INTO "$sync" (key, value) VALUES ('nextSeq', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
      )
      .run([String(upTo + 1)]),
  );
}

interface Work {
  statements: number;
  rows: number;
}

/** Counts what the database is asked for, and keeps the texts. */
function watch(driver: SqlDriver, texts: Set<string>): Work {
  const work: Work = { statements: 0, rows: 0 };
  const prepare = driver.prepare.bind(driver);
  vi.spyOn(driver, 'prepare').mockImplementation((sql) => {
    const statement = prepare(sql);
    texts.add(sql);
    return new Proxy(statement, {
      get(target, key) {
        const value: unknown = Reflect.get(target, key, target);
        if (typeof value !== 'function') return value;
        return (...args: unknown[]) => {
          const answer: unknown = value.apply(target, args);
          work.statements += 1;
          if (Array.isArray(answer)) work.rows += key === 'get' ? 1 : answer.length;
          return answer;
        };
      },
    });
  });
  return work;
}

/** Edits of every kind, on rows that no edit that waits is of. */
function edits(device: LocalDevice, at: number): void {
  const [parent, child] = [id(at), id(at + 1)];
  device.edit((tx) => tx.insert('account', parent, { name: 'Parent' }));
  device.edit((tx) => tx.insert('account', child, { name: 'Child', parentaccountid: parent }));
  device.edit((tx) => tx.update('account', child, { city: 'Chur' }));
  device.edit((tx) => tx.update('account', child, { city: 'Bern' }));
  device.edit((tx) => {
    tx.insert('account', id(at + 2), { name: 'Together' });
    tx.insert('contact', id(at + 3), { fullname: 'With', parentcustomerid: id(at + 2) });
  });
  device.edit((tx) => tx.delete('account', child));
}

test('O14a: an edit asks the same of the queue however many edits wait in it', async () => {
  const device = await openLocalDevice('e1', false);
  const sync = new Sync({
    store: device.store,
    transport: noTransport,
    online: new BehaviorSubject(false),
    system: device.system,
  });
  const last: (number | null)[] = [];
  sync.outbox.sendable.subscribe((at) => last.push(at));
  let driver: SqlDriver | null = null;
  device.take((tx) => {
    driver = tx.sql;
  });
  const texts = new Set<string>();
  const costs: Work[] = [];
  let queued = 0;
  for (const [i, count] of [10, 500, most].entries()) {
    queue(device, queued + 1, count);
    queued = count;
    expect(device.outbox.waiting()).toEqual({
      updates: device.outbox.pending().length,
      rows: new Set(device.outbox.pending().map((one) => one.id)).size,
    });
    const work = watch(driver as unknown as SqlDriver, texts);
    edits(device, 10 * (i + 1));
    vi.restoreAllMocks();
    costs.push(work);
    expect(sync.currentStatus.pending.updates).toBe(device.outbox.pending().length);
    expect(last.at(-1)).toBe(0);
    device.take((tx) => tx.sql.prepare(`DELETE FROM "$outbox" WHERE epoch <> 'e0'`).run());
  }
  expect(costs[0]?.statements).toBeGreaterThan(50);
  expect(costs[1]).toEqual(costs[0]);
  expect(costs[2]).toEqual(costs[0]);
  // What few rows answer may still have gone through many.
  const own = /"\$(outbox|effect|base|needed|mentioned|waiting_row)"/;
  const scans = [...texts]
    // Whether there is one at all.
    .filter((sql) => sql !== 'SELECT 1 FROM "$effect" LIMIT 1')
    .filter((sql) => own.test(sql) && /^\s*(SELECT|UPDATE|DELETE)/.test(sql))
    .flatMap((sql) => device.own(`EXPLAIN QUERY PLAN ${sql.replaceAll(/\?\d*/g, "'x'")}`))
    .map((row) => String(row[3]))
    .filter((step) => /^SCAN (?!CONSTANT)/.test(step));
  expect(scans).toEqual([]);
  await sync.close();
  await device.store.close();
});
