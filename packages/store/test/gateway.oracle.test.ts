import { fold } from '@outpost/model';
import { lengthOf } from '@outpost/vitest/length';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { id, openTestStore, rowsOf } from './fixture.ts';
import { locations } from './locations.ts';

const runs = lengthOf('OUTPOST_ROUNDS', { short: 25, long: 500 });
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
type Row = { readonly name: string | null; readonly city: string | null };

describe.each(locations)('%s', (_, location) => {
  test('S-4 to S-8: random transactions equal a plain map; replayed change sets rebuild it; folds are right', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(transaction, { maxLength: 8 }), async (transactions) => {
        const { store } = await openTestStore({ storage: location() });
        const replayed = new Map<string, readonly unknown[]>();
        let last = store.commit;
        store.commits.subscribe((set) => {
          expect(set.commit).toBe(last + 1);
          last = set.commit;
          for (const change of rowsOf(set)) {
            expect(replayed.get(change.id) ?? null).toEqual(change.before);
            if (change.after === null) replayed.delete(change.id);
            else replayed.set(change.id, change.after);
          }
        });
        let oracle = new Map<string, Row>();
        for (const { operations, fails } of transactions) {
          let next = new Map(oracle);
          try {
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
                  expect(() =>
                    tx.nested(() => {
                      apply();
                      throw new Error('undo');
                    }),
                  ).toThrow('undo');
                  next = before;
                } else apply();
              }
              if (fails) throw new Error('rollback');
            });
            oracle = next;
          } catch (error) {
            expect((error as Error).message).toBe('rollback');
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
          for (const [key, image] of replayed) expect(store.get('account', key)).toEqual(image);
          expect(replayed.size).toBe(oracle.size);
        }
        expect(store.verifyFolded()).toEqual([]);
        await store.close();
      }),
      { numRuns: runs },
    );
  }, 120_000);
});
