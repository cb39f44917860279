import { fold } from '@outpost/model';
import { lengthOf } from '@outpost/vitest/length';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ChangeSet, DeviceStore, RowImage } from '../src/index.ts';
import { id, openTestStore, rowsOf } from './fixture.ts';
import { locations } from './locations.ts';

const runs = lengthOf('OUTPOST_ROUNDS', { short: 25, long: 200 });
const text = fc.oneof(
  fc.constant(null),
  fc.string({ unit: 'binary', maxLength: 5 }).map((one) => one.toWellFormed()),
  fc.constantFrom('Straße', 'STRASSE', 'Łódź', 'ÉÈ', 'İstanbul', 'ΣΊΣΥΦΟΣ'),
);
const operation = fc.record({
  kind: fc.constantFrom('insert', 'update', 'upsert', 'delete', 'nested', 'nestedFails'),
  row: fc.integer({ min: 1, max: 4 }),
  name: text,
  city: text,
});
const transaction = fc.record({
  operations: fc.array(operation, { maxLength: 6 }),
  fails: fc.boolean(),
});
class Undone extends Error {}

/** Whether a function was left by `Undone`; any other error goes on. */
function undone(fn: () => unknown): boolean {
  try {
    fn();
    return false;
  } catch (error) {
    if (!(error instanceof Undone)) throw error;
    return true;
  }
}

function expectNothing(store: DeviceStore, told: readonly ChangeSet[], commit: number): void {
  expect(store.commit).toBe(commit);
  expect(told).toEqual([]);
}

type Row = { readonly name: string | null; readonly city: string | null };

describe.each(locations)('%s', (_, location) => {
  test('S-4, S-5, S-6, S-7, S-8: random transactions equal a plain map; replayed change sets rebuild it; folds are right', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(transaction, { maxLength: 8 }), async (transactions) => {
        const { store } = await openTestStore({ storage: location() });
        const replayed = new Map<string, RowImage>();
        let told: ChangeSet[] = [];
        store.commits.subscribe((set) => told.push(set));
        let oracle = new Map<string, Row>();
        for (const { operations, fails } of transactions) {
          let next = new Map(oracle);
          const commit = store.commit;
          told = [];
          const work = () =>
            store.write({ origin: 'sync' }, (tx) => {
              for (const { kind, row, name, city } of operations) {
                const key = id(row);
                const apply = () => {
                  if (kind === 'insert' && next.has(key)) return;
                  if (kind === 'insert') tx.insert('account', key, { name, city });
                  else if (kind === 'delete') tx.delete('account', key);
                  else if (kind === 'update') {
                    if (tx.update('account', key, { name }) === 'missing') return;
                    next.set(key, { name, city: next.get(key)?.city ?? null });
                    return;
                  } else tx.upsert('account', key, { name, city });
                  if (kind === 'delete') next.delete(key);
                  else next.set(key, { name, city });
                };
                if (kind === 'nested') tx.nested(apply);
                else if (kind === 'nestedFails') {
                  const before = new Map(next);
                  undone(() =>
                    tx.nested(() => {
                      apply();
                      throw new Undone();
                    }),
                  );
                  next = before;
                } else apply();
              }
              if (fails) throw new Undone();
            });
          if (undone(work)) expectNothing(store, told, commit);
          else oracle = next;
          expect(told.map((set) => set.commit)).toEqual(
            store.commit === commit ? [] : [commit + 1],
          );
          for (const change of told.flatMap(rowsOf)) {
            expect(replayed.get(change.id)).toEqual(change.before ?? undefined);
            if (change.after === null) replayed.delete(change.id);
            else replayed.set(change.id, change.after);
          }
          const rows = store.all(
            'SELECT accountid, name, city, "name$f", "city$f" FROM account ORDER BY 1',
          );
          const wanted = [...oracle]
            .sort()
            .map(([key, row]) => [
              key,
              row.name,
              row.city,
              row.name === null ? null : fold(row.name),
              row.city === null ? null : fold(row.city),
            ]);
          expect(rows).toEqual(wanted);
          const stored = [...oracle.keys()].map((key) => [key, store.get('account', key)] as const);
          expect(replayed).toEqual(new Map(stored));
        }
        expect(store.verifyFolded()).toEqual([]);
        await store.close();
      }),
      { numRuns: runs },
    );
  }, 120_000);
});
