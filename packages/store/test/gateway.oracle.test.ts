import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openStore } from '../src/index.ts';
import { memoryStorage } from '../src/node/index.ts';
import { id, testModel } from './fixture.ts';

const operation = fc.record({
  kind: fc.constantFrom('insert', 'update', 'delete'),
  row: fc.integer({ min: 1, max: 4 }),
  name: fc.string({ unit: 'binary', maxLength: 5 }),
});
const transaction = fc.record({
  operations: fc.array(operation, { maxLength: 6 }),
  fails: fc.boolean(),
});

test('random transactions equal a plain map, and replaying the change sets rebuilds it', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(transaction, { maxLength: 12 }), async (transactions) => {
      const store = await openStore({ storage: memoryStorage() });
      store.applySchema(testModel, ['account']);
      const nameAt = store.schema.get('account')?.slotIndex.get('name') ?? -1;
      const replayed = new Map<string, unknown>();
      store.commits.subscribe((set) => {
        for (const change of set.changes) {
          expect(replayed.get(change.id)).toEqual(change.before?.[nameAt] ?? undefined);
          if (change.after === null) replayed.delete(change.id);
          else replayed.set(change.id, change.after[nameAt]);
        }
      });
      let oracle = new Map<string, string>();
      for (const { operations, fails } of transactions) {
        const next = new Map(oracle);
        try {
          store.write({ origin: 'local' }, (tx) => {
            for (const { kind, row, name } of operations) {
              const exists = next.has(id(row));
              const text = `x${name}`.toWellFormed();
              if (kind === 'insert' && !exists) {
                tx.insert('account', id(row), { name: text });
                next.set(id(row), text);
              } else if (kind === 'update' && exists) {
                tx.update('account', id(row), { name: text });
                next.set(id(row), text);
              } else if (kind === 'delete') {
                tx.delete('account', id(row));
                next.delete(id(row));
              }
            }
            if (fails) throw new Error('rollback');
          });
          oracle = next;
        } catch (error) {
          expect((error as Error).message).toBe('rollback');
        }
        const rows = store.all('SELECT accountid, name FROM account');
        expect(new Map(rows as [string, string][])).toEqual(oracle);
        expect(replayed).toEqual(oracle);
      }
      await store.close();
    }),
    { numRuns: 60 },
  );
});
