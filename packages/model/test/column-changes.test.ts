import { describe, expect, test } from 'vitest';
import {
  type ColumnDefinition,
  checkRenames,
  currentCells,
  currentSlots,
  currentValues,
  defineApp,
  defineColumn,
  defineTable,
  keepFormerNames,
  keepsValues,
} from '../src/index.ts';

type Columns = Readonly<Record<string, ColumnDefinition>>;
const tableWith = (columns: Columns) =>
  defineTable({ name: 't', label: 'T', primaryName: 'name', ownership: 'user', columns });
const modelWith = (columns: Columns) =>
  defineApp({ uniqueName: 'a', tables: [tableWith({ name: { type: 'string' }, ...columns })] });
const formers = (model: ReturnType<typeof modelWith>, name: string) =>
  model.tables[0]?.columns.find((one) => one.name === name)?.renamedFrom;

describe('N09c: cells of earlier definitions', () => {
  const table = tableWith({
    name: { type: 'string' },
    notes: { type: 'memo', renamedFrom: ['remark', 'comment'] },
    site: { type: 'lookup', targets: ['a', 'b'], renamedFrom: 'place' },
    count: { type: 'decimal', renamedFrom: 'number' },
    code: { type: 'string' },
  });

  test('are found under the names of today, with all parts of a lookup', () => {
    const cells = { comment: 'x', place: 'i', place$t: 'a', place$n: 'A', number: 3 };
    expect(currentCells(table, cells)).toEqual({
      ...{ notes: 'x', site: 'i', site$t: 'a', site$n: 'A', count: 3 },
    });
    expect(currentSlots(table, Object.keys(cells))).toEqual(
      Object.keys(currentCells(table, cells)),
    );
    expect(currentValues(table, { remark: { any: 1 }, code: null })).toEqual({
      notes: { any: 1 },
      code: null,
    });
  });

  test('are numbers and texts as the column asks; what has no form or no column stays', () => {
    expect(currentCells(table, { count: ' 2.5 ', code: 7, gone: 1 })).toEqual({
      ...{ count: 2.5, code: '7', gone: 1 },
    });
    expect(currentCells(table, { count: 'many', gone$n: null })).toEqual({
      ...{ count: 'many', gone$n: null },
    });
  });

  test('that are those of today are the same object', () => {
    const cells = { notes: 'x', gone: 1, count: null };
    expect(currentCells(table, cells)).toBe(cells);
  });
});

describe('N09c: former names', () => {
  test('are kept through later definitions, the newest first', () => {
    const first = modelWith({ a: { type: 'string' } });
    const second = keepFormerNames(first, modelWith({ b: { type: 'string', renamedFrom: 'a' } }));
    const third = keepFormerNames(second, modelWith({ c: { type: 'string', renamedFrom: 'b' } }));
    expect(formers(third, 'c')).toEqual(['b', 'a']);
    const fourth = keepFormerNames(third, modelWith({ c: { type: 'string' } }));
    expect(formers(fourth, 'c')).toEqual(['b', 'a']);
    expect(keepFormerNames(fourth, fourth)).toEqual(fourth);
    expect(checkRenames(fourth)).toEqual([]);
    // Back to the first one.
    const fifth = keepFormerNames(fourth, modelWith({ a: { type: 'string' } }));
    expect(formers(fifth, 'a')).toEqual(['c', 'b']);
    expect(formers(keepFormerNames(first, first), 'a')).toBe(undefined);
  });

  test('N09d: of a column that is there, or of two columns, are found', () => {
    const taken = modelWith({ a: { type: 'string' }, b: { type: 'string', renamedFrom: 'a' } });
    expect(checkRenames(taken)).toEqual([
      expect.stringContaining('t.b cannot be renamed from "a"'),
    ]);
    const shared = modelWith({
      b: { type: 'string', renamedFrom: 'a' },
      c: { type: 'string', renamedFrom: ['x', 'a'] },
    });
    expect(checkRenames(shared)).toEqual([expect.stringContaining('so is "b"')]);
    // Also when it was said earlier only.
    const before = modelWith({ b: { type: 'string', renamedFrom: 'a' } });
    const again = modelWith({ a: { type: 'string' }, b: { type: 'string' } });
    expect(checkRenames(keepFormerNames(before, again))).toHaveLength(1);
  });
});

test.each<readonly [ColumnDefinition, ColumnDefinition, boolean]>([
  [{ type: 'string', maxLength: 10 }, { type: 'string', maxLength: 4000 }, true],
  [{ type: 'string' }, { type: 'memo' }, true],
  [{ type: 'memo' }, { type: 'string' }, true],
  [{ type: 'integer' }, { type: 'bigint' }, true],
  [{ type: 'integer' }, { type: 'decimal' }, true],
  [{ type: 'decimal' }, { type: 'integer' }, false],
  [{ type: 'string' }, { type: 'integer' }, false],
  [{ type: 'integer' }, { type: 'string' }, false],
  [{ type: 'memo', maxLength: 100 }, { type: 'memo', maxLength: 2_000_000 }, false],
])('N09c: %o as %o keeps its values: %s', (before, after, kept) => {
  expect(keepsValues(defineColumn('a', before), defineColumn('a', after))).toBe(kept);
});
