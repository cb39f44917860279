import type { Device, FormSession } from '@outpost/device';
import type { Cell } from '@outpost/model';
import type { ServerStore, WriteTx } from '@outpost/server';
import type { WriteTx as DeviceTx, SqlDriver, SqlStatement } from '@outpost/store';
import type { Entry } from '@outpost/sync';
import type { IncomingMessage } from '@outpost/sync/http';
import type {
  DigestResponse,
  EntryResult,
  PageResponse,
  PullResponse,
  PushEntry,
  PushRequest,
  PushResponse,
} from '@outpost/sync/protocol';
import {
  type Decision,
  type GeneratedRun,
  goodNetwork,
  type Sabotage,
  type WorldSpec,
} from '../src/index.ts';

/** A fault that somebody could have made. */
export interface Saboteur {
  readonly what: string;
  /** Where it is planted. */
  readonly where: 'organization' | 'messages' | 'device';
  /** A seed of the generator that finds it, in a run of so many steps and devices (default: those of the generator). */
  readonly seed: number;
  readonly steps?: number;
  readonly devices?: number;
  /** In the world of a working day. */
  readonly field?: true;
  /** Instead of drawn runs: one made for it, because what it needs is rarely drawn. */
  readonly directed?: GeneratedRun;
  /** A fresh plant for each run. */
  plant(): Sabotage;
}

type Params = readonly Cell[];

/** The organization's statements, changed or left out: null leaves one out. */
function statements(change: (sql: string, params: Params) => Params | null): Sabotage {
  return {
    store: (inner: ServerStore): ServerStore => ({
      engine: inner.engine,
      read: (fn) => inner.read(fn),
      write: (fn) =>
        inner.write((tx) => {
          const changed: WriteTx = {
            engine: tx.engine,
            all: (sql, params) => tx.all(sql, params),
            run: async (sql, params = []) => {
              const next = change(sql, params);
              return next === null ? 1 : tx.run(sql, next);
            },
            savepoint: (inside) => tx.savepoint(inside),
          };
          return fn(changed);
        }),
      close: () => inner.close(),
    }),
  };
}

/** Answers of one path, changed. */
function answers<T>(path: string, change: (answer: T) => T): Sabotage {
  return {
    async handle(inner, message): Promise<IncomingMessage> {
      const answer = await inner(message);
      if (!message.path.endsWith(path) || answer.status !== 200) return answer;
      return { ...answer, text: JSON.stringify(change(JSON.parse(answer.text) as T)) };
    },
  };
}

/** Entries of uploads, changed. */
function uploads(change: (entry: PushEntry) => PushEntry): Sabotage {
  return {
    handle(inner, message) {
      if (!message.path.endsWith('/push') || message.body === null) return inner(message);
      const request = JSON.parse(message.body) as PushRequest;
      const body = JSON.stringify({ ...request, entries: request.entries.map(change) });
      return inner({ ...message, body });
    },
  };
}

/** Forms of a device, changed as they are opened. */
function patchForms(device: Device, change: (form: FormSession) => void): void {
  const openForm = device.openForm.bind(device);
  device.openForm = (...which) => {
    const form = openForm(...which);
    change(form);
    return form;
  };
}

/** What the device's own statements do in its write transactions, changed: null leaves one out. */
function deviceStatements(change: (sql: string) => string | null): Sabotage {
  return { client: (device) => patchWrites(device, (tx) => withSql(tx, change)) };
}

function patchWrites(device: Device, wrap: (tx: DeviceTx) => DeviceTx): void {
  const { store } = device;
  const write = store.write.bind(store);
  store.write = (options, fn) => write(options, (tx) => fn(wrap(tx)));
}

const nothing: SqlStatement = {
  columns: [],
  run: () => ({ changes: 0 }),
  get: () => undefined,
  all: () => [],
  iterate: () => [][Symbol.iterator](),
};

function withSql(tx: DeviceTx, change: (sql: string) => string | null): DeviceTx {
  const sql = substitute<SqlDriver>(tx.sql, {
    prepare: (text: string) => {
      const next = change(text);
      return next === null ? nothing : tx.sql.prepare(next);
    },
  });
  return substitute<DeviceTx>(tx, { sql });
}

/** The same object with some members replaced. */
function substitute<T extends object>(target: T, members: Partial<Record<keyof T, unknown>>): T {
  return new Proxy(target, {
    get(object, name) {
      if (Object.hasOwn(members, name)) return members[name as keyof T];
      const value: unknown = Reflect.get(object, name, object);
      return typeof value === 'function' ? value.bind(object) : value;
    },
  });
}

/** True for every n-th call. */
function every(n: number): () => boolean {
  let count = 0;
  return () => ++count % n === 0;
}

const isLog = (sql: string) => sql.startsWith('INSERT INTO "$log"');

/** Many rows get another owner; a cycle begins, and rows are edited before its answers come. */
const editsOfLeavingRows: GeneratedRun = {
  spec: { seed: 1, devices: 1, policy: 'off', network: goodNetwork, pageRows: 500 },
  decisions: [
    ...Array.from(
      { length: 30 },
      (_, i): Decision => ({ wait: 0, do: 'assign', table: 'contact', row: i / 30, to: 0.99 }),
    ),
    { wait: 0, device: 0, do: 'sync', mode: 'DELTA_SYNC' },
    ...Array.from(
      { length: 40 },
      (_, i): Decision => ({
        wait: 1,
        device: 0,
        do: 'update',
        table: 'contact',
        row: i / 40,
        column: 0,
      }),
    ),
  ],
};

const calm: WorldSpec = {
  seed: 1,
  devices: 1,
  policy: 'merge',
  network: goodNetwork,
  pageRows: 500,
};

/** A form is typed into; a colleague writes there too, and the device is told before it is saved. */
const overtaken: GeneratedRun = {
  spec: calm,
  decisions: [
    { wait: 0, device: 0, do: 'openForm', table: 'contact', row: 0 },
    ...[0, 0.2, 0.4, 0.6, 0.8].map(
      (field): Decision => ({ wait: 0, device: 0, do: 'type', form: 0, field, valid: true }),
    ),
    { wait: 0, device: 0, do: 'overtake', form: 0, told: true },
    { wait: 60_000, device: 0, do: 'saveForm', form: 0 },
  ],
};

/** A form is typed into, and left, or the power is lost. */
function leftForms(how: 'leave' | 'power'): GeneratedRun {
  return {
    spec: calm,
    decisions: [
      { wait: 0, device: 0, do: 'openForm', table: 'contact', row: 0 },
      { wait: 0, device: 0, do: 'type', form: 0, field: 0, valid: true },
      how === 'leave'
        ? { wait: 0, device: 0, do: 'leaveForm', form: 0, discard: false }
        : { wait: 0, device: 0, do: 'powerLoss', back: 0.4, style: 'dropAll' },
    ],
  };
}

/** One user edits without a network and signs out; then others sign in on the same disk. */
const othersOnADisk: GeneratedRun = {
  spec: calm,
  decisions: [
    { wait: 0, device: 0, do: 'offline' },
    { wait: 0, device: 0, do: 'update', table: 'contact', row: 0, column: 0 },
    { wait: 0, device: 0, do: 'signOut', pending: 'keep' },
    { wait: 0, device: 0, do: 'online' },
    { wait: 0, device: 0, do: 'signIn', user: 0.6, known: false },
    { wait: 0, device: 0, do: 'sync', mode: 'DELTA_SYNC' },
    { wait: 60_000, device: 0, do: 'update', table: 'contact', row: 0.5, column: 0.9 },
    { wait: 0, device: 0, do: 'sync', mode: 'DELTA_SYNC' },
    { wait: 60_000, device: 0, do: 'signOut', pending: 'discard' },
    { wait: 0, device: 0, do: 'signIn', user: 0, known: true },
    { wait: 0, device: 0, do: 'sync', mode: 'DELTA_SYNC' },
  ],
};

export const saboteurs: readonly Saboteur[] = [
  {
    what: 'every ninth change is not logged',
    seed: 8,
    steps: 6,
    devices: 1,
    where: 'organization',
    plant() {
      const ninth = every(9);
      return statements((sql, params) => (isLog(sql) && ninth() ? null : params));
    },
  },
  {
    what: 'changes of tasks are not logged',
    seed: 4,
    steps: 6,
    devices: 1,
    where: 'organization',
    plant: () => statements((sql, params) => (isLog(sql) && params[1] === 'task' ? null : params)),
  },
  {
    what: 'a change is logged under no business unit',
    seed: 3,
    steps: 6,
    devices: 1,
    where: 'organization',
    plant: () =>
      statements((sql, params) =>
        isLog(sql) ? params.map((cell, i) => (i === 4 ? null : cell)) : params,
      ),
  },
  {
    what: 'a change is logged under no owner, as a share would need',
    seed: 38,
    steps: 8,
    devices: 2,
    where: 'organization',
    plant: () =>
      statements((sql, params) =>
        isLog(sql) ? params.map((cell, i) => (i === 3 ? null : cell)) : params,
      ),
  },
  {
    what: 'verdicts are not recorded',
    seed: 1,
    steps: 6,
    devices: 1,
    where: 'organization',
    plant: () =>
      statements((sql, params) => (sql.startsWith('INSERT INTO "$result"') ? null : params)),
  },
  {
    what: 'a low mark is raised by three too much',
    seed: 1,
    steps: 6,
    devices: 1,
    where: 'organization',
    plant: () =>
      statements((sql, params) =>
        sql.startsWith('INSERT INTO "$mark"')
          ? params.map((cell, i) => (i === 3 ? Number(cell) + 3 : cell))
          : params,
      ),
  },
  {
    what: 'deleted rows stay',
    seed: 8,
    steps: 8,
    devices: 2,
    where: 'organization',
    plant: () =>
      statements((sql, params) => (sql.startsWith('DELETE FROM "contact"') ? null : params)),
  },
  {
    what: 'the parts of uploads are lost',
    seed: 2,
    steps: 8,
    devices: 2,
    where: 'organization',
    plant() {
      return statements((sql, params) =>
        sql.startsWith('INSERT INTO "$document"') ? null : params,
      );
    },
  },
  {
    what: 'rows that leave are not named',
    seed: 8,
    steps: 6,
    devices: 1,
    where: 'messages',
    plant: () => answers<PullResponse>('/pull', (answer) => ({ ...answer, removes: [] })),
  },
  {
    what: 'rows that one may not read any more are not named',
    seed: 4,
    steps: 6,
    devices: 1,
    where: 'messages',
    plant: () =>
      answers<PullResponse>('/pull', (answer) => ({
        ...answer,
        removes: answer.removes.filter((one) => one.reason !== 'access'),
      })),
  },
  {
    what: 'every fifth changed row is left out',
    seed: 11,
    steps: 6,
    devices: 1,
    where: 'messages',
    plant() {
      const fifth = every(5);
      return answers<PullResponse>('/pull', (answer) => ({
        ...answer,
        changes: answer.changes.map((one) => ({ ...one, rows: one.rows.filter(() => !fifth()) })),
      }));
    },
  },
  {
    what: 'the first page says that it is the last',
    seed: 2,
    steps: 6,
    devices: 1,
    where: 'messages',
    plant: () => answers<PageResponse>('/page', (answer) => ({ ...answer, covered: null })),
  },
  {
    what: 'a page skips the row after it',
    seed: 2,
    steps: 6,
    devices: 1,
    where: 'messages',
    plant: () =>
      answers<PageResponse>('/page', (answer) => ({
        ...answer,
        rows: answer.covered === null ? answer.rows : answer.rows.slice(0, -1),
      })),
  },
  {
    what: 'nothing is ever to be compared',
    seed: 1,
    steps: 6,
    devices: 1,
    where: 'messages',
    plant: () => answers<PullResponse>('/pull', (answer) => ({ ...answer, check: [] })),
  },
  {
    what: 'key ranges never differ',
    seed: 1,
    steps: 6,
    devices: 1,
    where: 'messages',
    plant: () =>
      answers<DigestResponse>('/digest', (answer) => ({ ...answer, bad: [], stale: [] })),
  },
  {
    what: 'refused edits are reported as applied',
    seed: 38,
    steps: 8,
    devices: 2,
    where: 'messages',
    plant: () =>
      answers<PushResponse>('/push', (answer) => ({
        ...answer,
        results: answer.results.map(
          (one): EntryResult =>
            one.status === 'refused' ? { key: one.key, status: 'applied', version: 1 } : one,
        ),
      })),
  },
  {
    what: 'pages are those of another user',
    seed: 1,
    steps: 6,
    devices: 1,
    where: 'messages',
    plant: () => ({
      handle: (inner, message) =>
        inner(
          message.path.endsWith('/page') && message.body?.includes('"table":"contact"') === true
            ? { ...message, token: 'a0000000-0000-4000-8000-000000000003' }
            : message,
        ),
    }),
  },
  {
    what: 'parts of documents are mixed up',
    seed: 2,
    steps: 8,
    devices: 2,
    where: 'messages',
    plant: () =>
      answers<{ data: string }>('/document', (answer) => ({
        ...answer,
        data: answer.data.replace(/^..../, 'AAAA'),
      })),
  },
  {
    what: 'edits count as seen before they are',
    seed: 22,
    where: 'messages',
    plant: () => ({
      async handle(inner, message) {
        const answer = await inner(message);
        if (!message.path.endsWith('/push') || answer.status !== 200) return answer;
        const body = JSON.parse(answer.text) as PushResponse;
        const results = body.results.map((one) =>
          one.status === 'blocked' ? { key: one.key, status: 'settled' } : one,
        );
        return { ...answer, text: JSON.stringify({ ...body, results }) };
      },
    }),
  },
  {
    what: 'every fifth edit is not queued',
    seed: 21,
    steps: 8,
    devices: 2,
    where: 'device',
    plant() {
      const fifth = every(5);
      return {
        client(device) {
          const { outbox } = device.sync;
          const describe = outbox.describe.bind(outbox);
          outbox.describe = (change, tx, changeSet) => {
            if (!fifth()) describe(change, tx, changeSet);
          };
        },
      };
    },
  },
  {
    what: 'what was on its way when a cycle failed is not sent again',
    seed: 11,
    steps: 8,
    devices: 2,
    where: 'device',
    plant: () =>
      deviceStatements((sql) =>
        /SET state = 'queued' WHERE state = 'sent'/.test(sql) ? null : sql,
      ),
  },
  {
    what: 'refused edits are deleted',
    seed: 38,
    steps: 8,
    devices: 1,
    where: 'device',
    plant: () =>
      deviceStatements((sql) =>
        sql.startsWith(`UPDATE "$outbox" SET state = 'refused'`)
          ? 'DELETE FROM "$outbox" WHERE ?1 IS NOT NULL AND ?2 IS ?2 AND epoch = ?3 AND seq = ?4'
          : sql,
      ),
  },
  {
    what: 'a refused edit makes no sync error',
    seed: 38,
    steps: 8,
    devices: 2,
    where: 'device',
    plant: () => ({
      client: (device) =>
        patchWrites(device, (tx) =>
          substitute<DeviceTx>(tx, {
            insert: (...row: Parameters<DeviceTx['insert']>) =>
              row[0] === 'syncerror' ? undefined : tx.insert(...row),
          }),
        ),
    }),
  },
  {
    what: 'low marks are those of the newest edits',
    seed: 1,
    steps: 6,
    devices: 1,
    where: 'device',
    plant: () => ({
      client(device) {
        const { outbox } = device.sync;
        outbox.lowMarks = () =>
          device.store
            .all('SELECT epoch, next_seq FROM "$epoch"')
            .map((row) => [String(row[0]), Number(row[1])]);
      },
    }),
  },
  {
    what: 'rows of every fourth page are not stored',
    seed: 3,
    steps: 6,
    devices: 1,
    where: 'device',
    plant() {
      const fourth = every(4);
      return {
        client: (device) =>
          patchWrites(device, (tx) =>
            substitute<DeviceTx>(tx, {
              load: (...rows: Parameters<DeviceTx['load']>) =>
                fourth() ? undefined : tx.load(...rows),
            }),
          ),
      };
    },
  },
  {
    what: 'edits are acknowledged before they are durable',
    seed: 22,
    steps: 14,
    devices: 2,
    where: 'device',
    plant: () => ({
      client(device) {
        const { store } = device;
        const write = store.write.bind(store);
        store.write = (options, fn) => write({ ...options, durability: 'normal' }, fn);
      },
    }),
  },
  {
    what: 'what an edit depends on is not waited for, and the newest goes first',
    seed: 4,
    steps: 6,
    devices: 1,
    where: 'device',
    plant: () => ({
      client(device) {
        const { outbox } = device.sync;
        const nextBatch = outbox.nextBatch.bind(outbox);
        outbox.nextBatch = (most, ready) => [...nextBatch(most, ready)].reverse();
      },
    }),
  },
  {
    what: 'a cut-off upload is forgotten at the next start',
    seed: 75,
    steps: 8,
    devices: 3,
    where: 'device',
    plant: () => ({
      client(device) {
        if (device.sync.hello === null) return;
        device.store.write({ origin: 'sync' }, (tx) =>
          tx.sql.prepare('DELETE FROM "$outbox" WHERE ever_sent = 1').run(),
        );
      },
    }),
  },
  {
    what: 'edits of a row go with it when it leaves',
    seed: 1,
    directed: editsOfLeavingRows,
    where: 'device',
    plant: () => ({
      client: (device) =>
        patchWrites(device, (tx) =>
          withSql(tx, (sql) => {
            if (sql.startsWith('INSERT INTO "$notice"')) {
              tx.sql
                .prepare(
                  `DELETE FROM "$outbox" WHERE state = 'queued' AND row_id NOT IN (SELECT row_id FROM "$base")`,
                )
                .run();
              tx.sql
                .prepare(
                  `DELETE FROM "$outbox" WHERE state = 'queued' AND row_id IN (SELECT row_id FROM "$base" WHERE cells IS NULL) AND op = 'update'`,
                )
                .run();
            }
            return sql;
          }),
        ),
    }),
  },
  {
    what: 'the token moves although the rows of contacts are dropped',
    seed: 10,
    steps: 6,
    devices: 1,
    where: 'device',
    plant: () => ({
      client: (device) =>
        patchWrites(device, (tx) =>
          substitute<DeviceTx>(tx, {
            update: (...row: Parameters<DeviceTx['update']>) =>
              row[0] === 'contact' && tx.origin === 'sync' ? undefined : tx.update(...row),
          }),
        ),
    }),
  },
  {
    what: 'an edit that is sent again gets a new number',
    seed: 11,
    steps: 20,
    devices: 2,
    where: 'device',
    plant: () =>
      deviceStatements((sql) =>
        /SET state = 'queued' WHERE state = 'sent'/.test(sql)
          ? `UPDATE "$outbox" SET state = 'queued', seq = seq + 1000 WHERE state = 'sent'`
          : sql,
      ),
  },
  {
    what: 'what comes from the organization hides edits that wait',
    seed: 39,
    steps: 8,
    devices: 2,
    where: 'device',
    plant: () =>
      deviceStatements((sql) =>
        sql.includes(`state IN ('queued', 'sent', 'applied')`)
          ? sql.replace(`state IN ('queued', 'sent', 'applied')`, `state IN ('applied')`)
          : sql,
      ),
  },
  {
    what: 'edits are settled when they are applied, before they were seen',
    seed: 22,
    where: 'device',
    plant: () =>
      deviceStatements((sql) =>
        sql.startsWith('UPDATE "$outbox" SET state = ? WHERE')
          ? 'DELETE FROM "$outbox" WHERE ?1 IS NOT NULL AND epoch = ?2 AND seq = ?3'
          : sql,
      ),
  },
  {
    what: 'edits are sent without what they stand on',
    seed: 1,
    directed: overtaken,
    where: 'messages',
    plant: () =>
      uploads((entry) =>
        entry.op === 'update' ? { ...entry, baseVersion: null, baseOf: null } : entry,
      ),
  },
  {
    what: 'numbers of edits are one too high',
    seed: 11,
    steps: 6,
    devices: 1,
    field: true,
    where: 'messages',
    plant: () =>
      uploads(({ set, ...entry }) => ({
        ...entry,
        set: Object.fromEntries(
          Object.entries(set).map(([slot, cell]) => [
            slot,
            slot === 'estimatedamount' || slot === 'revenue' ? Number(cell) + 1 : cell,
          ]),
        ),
      })),
  },
  {
    what: 'changes of activities do not reach their pointers',
    seed: 1,
    steps: 10,
    devices: 1,
    field: true,
    where: 'organization',
    plant: () =>
      statements((sql, params) => (sql.startsWith('UPDATE "activitypointer"') ? null : params)),
  },
  {
    what: 'a form takes the row as it is when it is saved for what it showed',
    seed: 1,
    directed: overtaken,
    where: 'device',
    plant: () => ({
      client: (device) =>
        patchForms(device, (form) => {
          const save = form.save.bind(form);
          form.save = () => {
            for (const { fields } of form.current.sections)
              for (const { column, theirs } of fields) if (theirs !== null) form.keepMine(column);
            return save();
          };
        }),
    }),
  },
  {
    what: 'what is typed is not kept',
    seed: 1,
    directed: leftForms('leave'),
    where: 'device',
    plant: () =>
      deviceStatements((sql) => (sql.startsWith('INSERT OR REPLACE INTO "$draft"') ? null : sql)),
  },
  {
    what: 'what is typed is kept before it is durable',
    seed: 1,
    directed: leftForms('power'),
    where: 'device',
    plant: () => ({
      client(device) {
        const { store } = device;
        const write = store.write.bind(store);
        store.write = (options, fn) =>
          write(options.label === 'draft' ? { ...options, durability: 'normal' } : options, fn);
      },
    }),
  },
  {
    what: 'edits of who signed out are left to who comes next',
    seed: 1,
    directed: othersOnADisk,
    where: 'device',
    plant() {
      let left: readonly Entry[] = [];
      return {
        client(device) {
          const signOut = device.signOut.bind(device);
          device.signOut = () => {
            left = device.sync.outbox.pending();
            return signOut({ pending: 'discard' });
          };
          const update = device.update.bind(device);
          device.update = (...edit) => {
            for (const { table, id, set } of left) update(table, id, set);
            left = [];
            return update(...edit);
          };
        },
      };
    },
  },
  {
    what: 'who comes next can list the edits of who signed out',
    seed: 1,
    directed: othersOnADisk,
    where: 'device',
    plant() {
      let left: readonly Entry[] = [];
      return {
        client(device) {
          const { outbox } = device.sync;
          const signOut = device.signOut.bind(device);
          device.signOut = (options) => {
            left = outbox.pending();
            return signOut(options);
          };
          const unsettled = outbox.unsettled.bind(outbox);
          const others = left;
          outbox.unsettled = () => [...others, ...unsettled()];
        },
      };
    },
  },
  {
    what: 'whoever signs in is taken for the first user',
    seed: 1,
    directed: othersOnADisk,
    where: 'messages',
    plant() {
      let first: object | null = null;
      return {
        async handle(inner, message) {
          const request = JSON.parse(message.body ?? '{}') as { device?: object };
          const body = JSON.stringify({ ...request, device: { ...request.device, user: null } });
          const answer = await inner(message.body === null ? message : { ...message, body });
          const { user, ...rest } = JSON.parse(answer.text) as { user?: object };
          if (user === undefined) return answer;
          first ??= user;
          return { ...answer, text: JSON.stringify({ ...rest, user: first }) };
        },
      };
    },
  },
  {
    what: 'who synchronizes by itself is not told of edits and repairs',
    seed: 1,
    directed: {
      spec: { ...calm, auto: true },
      decisions: [{ wait: 20_000, device: 0, do: 'update', table: 'contact', row: 0, column: 0 }],
    },
    where: 'device',
    plant: () => ({
      client(device) {
        const { outbox } = device.sync;
        const nextBatch = outbox.nextBatch.bind(outbox);
        outbox.nextBatch = (most, ready) => (most === 1 ? [] : nextBatch(most, ready));
      },
    }),
  },
  {
    what: 'an edited activity leaves its pointer on the device as it was',
    seed: 1,
    directed: {
      spec: calm,
      decisions: [{ wait: 0, device: 0, do: 'fill', table: 'phonecall', row: 0, column: 0.9 }],
    },
    field: true,
    where: 'device',
    plant: () => ({
      client: (device) =>
        patchWrites(device, (tx) =>
          substitute<DeviceTx>(tx, {
            update: (...row: Parameters<DeviceTx['update']>) =>
              row[0] === 'activitypointer' ? undefined : tx.update(...row),
          }),
        ),
    }),
  },
  {
    what: 'the page of a portal passes for a refusal of the organization',
    seed: 1,
    directed: {
      spec: { ...calm, auto: true },
      decisions: [
        { wait: 0, do: 'foreign', page: 'firewall', ms: 600_000 },
        { wait: 0, device: 0, do: 'update', table: 'contact', row: 0, column: 0 },
        { wait: 60_000, device: 0, do: 'setClock', minutes: -5_256_000 },
        { wait: 60_000, device: 0, do: 'stall', end: 'offline' },
      ],
    },
    where: 'messages',
    plant: () => ({
      foreign: (answer) => ({ ...answer, text: '{"error":{"code":"0x80072560"}}' }),
    }),
  },
  {
    what: 'a request that stalls holds up whoever wants to close',
    seed: 1,
    directed: {
      spec: calm,
      decisions: [{ wait: 0, device: 0, do: 'stall', end: 'restart' }],
    },
    where: 'device',
    plant: () => ({
      client({ sync }) {
        const cancel = sync.cancel.bind(sync);
        sync.cancel = async () => {
          if (sync.currentStatus.running !== null) await new Promise(() => {});
          return cancel();
        };
      },
    }),
  },
  {
    what: 'search is not told of changes',
    seed: 3,
    steps: 6,
    devices: 1,
    where: 'device',
    plant: () => ({
      client(device) {
        if (device.sync.hello !== null) device.searchIndex.close();
      },
    }),
  },
];
