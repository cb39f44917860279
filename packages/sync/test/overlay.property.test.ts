import fc from 'fast-check';
import { expect, test } from 'vitest';
import { foldEntries } from '../src/apply/overlay.ts';
import { type IconFlags, iconOf } from '../src/index.ts';
import type { Entry } from '../src/outbox/entry.ts';

const entry = (op: Entry['op'], set: Entry['set']): Entry => ({
  key: ['e', 1],
  state: 'queued',
  op,
  table: 't',
  id: 'i',
  set,
  base: {},
  baseVersion: null,
  baseOf: null,
  after: [],
  at: '',
  syncErrorId: null,
  blockedBy: null,
  changeSet: null,
  everSent: false,
  attempts: 0,
  heldUntil: 0,
  local: [],
});
const cells = fc.dictionary(fc.constantFrom('a', 'b'), fc.integer({ min: 0, max: 3 }));
const edits = fc.array(
  fc.record({ op: fc.constantFrom('create', 'update', 'delete'), set: cells }),
  { maxLength: 6 },
);

test('Y-8: the visible row is the base with the edits applied one after another', () => {
  fc.assert(
    fc.property(fc.option(cells), edits, (base, list) => {
      const entries = list.map(({ op, set }) => entry(op as Entry['op'], set));
      let row: Record<string, unknown> | null = base === null ? null : { ...base };
      for (const { op, set } of entries) {
        if (op === 'delete') row = null;
        else if (op === 'create') row = Object.assign(row ?? {}, set);
        else if (row !== null) Object.assign(row, set);
      }
      expect(foldEntries(base, entries)).toEqual(row);
    }),
  );
});

test('A13: the first flag that holds decides the icon', () => {
  const order = [
    'syncing',
    'error',
    'warning',
    'pendingUpload',
    'notConnected',
    'connected',
  ] as const;
  for (let bits = 1; bits < 64; bits++) {
    const flags = Object.fromEntries(
      order.map((name, i) => [name, (bits & (1 << i)) !== 0]),
    ) as IconFlags;
    expect(iconOf(flags)).toBe(order.find((_, i) => (bits & (1 << i)) !== 0));
  }
});
