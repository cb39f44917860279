import {
  type AppModel,
  defineApp,
  defineTable,
  indexModel,
  type System,
  withSystemTables,
} from '@outpost/model';
import { type DeviceStore, openStore, type WriteTx } from '@outpost/store';
import { memoryStorage } from '@outpost/store/node';
import { countingGuids, testSystem, VirtualClock } from '@outpost/testkit';
import { writeFact } from '../src/engine/sync-state.ts';
import { type Entry, readEntries } from '../src/outbox/entry.ts';
import { Outbox } from '../src/outbox/outbox.ts';
import { syncModule } from '../src/own-tables.ts';
import { SyncErrors } from '../src/repair/sync-errors.ts';

const account = defineTable({
  name: 'account',
  label: 'Account',
  primaryName: 'name',
  ownership: 'user',
  columns: {
    name: { type: 'string', maxLength: 160 },
    city: { type: 'string', maxLength: 80 },
    employees: { type: 'integer' },
    parentaccountid: { type: 'lookup', targets: ['account'] },
    score: { type: 'integer', readOnly: true },
  },
});
const contact = defineTable({
  name: 'contact',
  label: 'Contact',
  primaryName: 'fullname',
  ownership: 'user',
  columns: {
    fullname: { type: 'string', maxLength: 160 },
    parentcustomerid: { type: 'lookup', targets: ['account', 'contact'] },
    portrait: { type: 'memo', maxLength: 2_000_000 },
    resume: { type: 'memo', maxLength: 2_000_000 },
  },
});
/** Its rows have no name. */
const visit = defineTable({
  name: 'visit',
  label: 'Visit',
  primaryName: null,
  ownership: 'user',
  columns: { duration: { type: 'integer' } },
});

export const app: AppModel = withSystemTables(
  defineApp({ name: 'Sales', uniqueName: 'sales', tables: [account, contact, visit] }),
);
export const model = indexModel(app);

export const id = (n: number): string =>
  `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;

export const now = '2026-03-02T08:00:00Z';

/** What the engine keeps on a device, without an organization: tests say what it answers. */
export interface LocalDevice {
  readonly store: DeviceStore;
  readonly clock: VirtualClock;
  readonly system: System;
  readonly outbox: Outbox;
  readonly errors: SyncErrors;
  readonly ids: ReturnType<typeof countingGuids>;
  /** The user edits; one transaction. */
  edit(fn: (tx: WriteTx) => void): void;
  /** The organization's side of the engine writes. */
  take<T>(fn: (tx: WriteTx) => T): T;
  /** Cells of a row by slot, or null. */
  row(table: string, id: string): Readonly<Record<string, unknown>> | null;
  entries(): readonly Entry[];
  /** Rows of one of the engine's own tables, by column. */
  own(sql: string): readonly (readonly unknown[])[];
}

/** `isQueued`: its own outbox takes edits. */
export async function openLocalDevice(epoch = 'e1', isQueued = true): Promise<LocalDevice> {
  const store = await openStore({
    storage: memoryStorage(),
    modules: [syncModule],
    tripwire: 'assert',
    freeze: true,
  });
  // As an opening does; other facts lie beside those that a test is about.
  store.write({ origin: 'sync' }, (tx) => {
    writeFact(tx.sql, 'device', 'd1');
    writeFact(tx.sql, 'epoch', epoch);
  });
  store.applySchema(app, ['account', 'contact', 'visit', 'syncerror']);
  const clock = new VirtualClock(Date.parse(now));
  const ids = countingGuids(0xabc);
  const system: System = { ...testSystem(1), clock, ids };
  const outbox = new Outbox(store, { clock, ids }, epoch);
  if (isQueued) store.participate(outbox);
  return {
    store,
    clock,
    system,
    outbox,
    ids,
    errors: new SyncErrors(store, outbox),
    edit: (fn) => {
      store.write({ origin: 'local' }, fn);
    },
    take: (fn) => store.write({ origin: 'sync' }, fn).value,
    row(table, rowId) {
      const image = store.get(table, rowId);
      const slots = store.schema.get(table)?.slots ?? [];
      return image && Object.fromEntries(slots.map(({ name }, i) => [name, image[i] ?? null]));
    },
    entries: () => readEntries(store),
    own: (sql) => store.all(sql),
  };
}
