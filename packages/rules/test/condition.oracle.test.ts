import { type Condition, defineTable, type RowValues } from '@outpost/model';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compileRules } from '../src/index.ts';

const table = defineTable({
  name: 't',
  label: 'T',
  primaryName: null,
  ownership: 'user',
  columns: { a: { type: 'integer' }, b: { type: 'integer' }, hit: { type: 'boolean' } },
});
const value = fc.constantFrom(null, 0, 1, 2);
const atom = fc.record({
  column: fc.constantFrom('a', 'b'),
  op: fc.constantFrom('equals', 'notEquals', 'greater', 'less', 'hasData', 'noData'),
  operands: fc.array(
    fc.oneof(fc.record({ literal: value }), fc.record({ column: fc.constantFrom('a', 'b') })),
    { minLength: 1, maxLength: 2 },
  ),
}) as fc.Arbitrary<Condition>;
const condition = fc.letrec<{ node: Condition }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 3 },
    atom,
    fc.record({ all: fc.array(tie('node'), { minLength: 1, maxLength: 3 }) }),
    fc.record({ any: fc.array(tie('node'), { minLength: 1, maxLength: 3 }) }),
    fc.record({ not: tie('node') }),
  ),
})).node;

/** Reads the definition directly; too simple to be wrong. */
function naive(node: Condition, row: RowValues): boolean {
  if ('all' in node) return node.all.every((one) => naive(one, row));
  if ('any' in node) return node.any.some((one) => naive(one, row));
  if ('not' in node) return !naive(node.not, row);
  const left = row[node.column] ?? null;
  if (node.op === 'hasData') return left !== null;
  if (node.op === 'noData') return left === null;
  if (left === null) return false;
  const sides = node.operands.map((one) =>
    'literal' in one ? one.literal : 'column' in one ? (row[one.column] ?? null) : null,
  );
  const known = (test: (right: number) => boolean) => (right: unknown) =>
    right !== null && test(Number(right));
  if (node.op === 'equals') return sides.some(known((right) => left === right));
  if (node.op === 'notEquals') return sides.every(known((right) => left !== right));
  if (node.op === 'greater') return sides.some(known((right) => Number(left) > right));
  return sides.some(known((right) => Number(left) < right));
}

test('a compiled condition equals its definition, for any tree and any row', () => {
  fc.assert(
    fc.property(condition, value, value, (when, a, b) => {
      const { program } = compileRules(
        [
          {
            id: '1',
            name: 'r',
            table: 't',
            scope: 'table',
            state: 'active',
            order: 1,
            branches: [
              { when, then: [{ kind: 'setValue', column: 'hit', value: { literal: true } }] },
            ],
          },
        ],
        table,
        null,
      );
      const { first } = program.open({ a, b }, 'create');
      expect(first.values['hit'] === true).toBe(naive(when, { a, b }));
    }),
    { numRuns: 500 },
  );
});
