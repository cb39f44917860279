import { commandMatrix, indexModel, isLookupValue, parseValue, planProfile } from '@outpost/model';
import { compileQuery, parseFetch, quickFindQuery } from '@outpost/query';
import { compileRules } from '@outpost/rules';
import { expect, test } from 'vitest';
import { generateRows, type SampleRow, sampleApp } from '../src/index.ts';

const index = indexModel(sampleApp);
const random = (seed: number) => {
  let state = seed;
  return {
    next() {
      state = (state * 16807) % 2147483647;
      return state / 2147483647;
    },
  };
};
const rowsOf = (seed: number, rows: number): readonly SampleRow[] => [
  ...generateRows({ random: random(seed), now: Date.parse('2026-03-02T08:00:00Z'), rows }),
];

test('every table of the command matrix is there, with a custom one', () => {
  const names = new Set(sampleApp.tables.map((table) => table.name));
  expect(Object.keys(commandMatrix).filter((name) => !names.has(name))).toEqual([]);
  expect(sampleApp.tables.filter((table) => table.isCustom).map((table) => table.name)).toContain(
    'new_visit',
  );
});

test('the profile is valid', () => {
  expect(planProfile(index, sampleApp.profile)).toMatchObject({ kind: 'ok' });
});

test('relationships, forms, flows and the site map name columns and tables that exist', () => {
  const missing: string[] = [];
  const check = (table: string, column: string) => {
    if (index.column(table, column) === undefined) missing.push(`${table}.${column}`);
  };
  for (const one of sampleApp.relationships)
    if (one.kind === 'manyToOne') check(one.table, one.column);
  for (const form of sampleApp.forms)
    for (const tab of form.tabs)
      for (const section of tab.sections)
        for (const { column } of section.controls) check(form.table, column);
  for (const flow of sampleApp.flows) {
    check(flow.instanceTable, flow.instanceColumn);
    for (const stage of flow.stages)
      for (const step of stage.steps) check(stage.table, step.column);
  }
  expect(missing).toEqual([]);
});

test.each(sampleApp.savedQueries.map((view) => [view.name, view] as const))(
  'view "%s" compiles',
  (_, view) => {
    const parsed = parseFetch(view.fetchXml);
    if (parsed.kind === 'invalid') throw parsed.errors[0];
    const { query } = quickFindQuery(parsed.value, 'x', index);
    const compiled = compileQuery(query, {
      model: index,
      context: { now: 0, timeZone: 'UTC', userId: 'u', businessUnitId: 'b', teamIds: [] },
    });
    expect(compiled).toMatchObject({ kind: 'ok' });
  },
);

test('rules compile without findings', () => {
  for (const table of sampleApp.tables)
    expect(compileRules(sampleApp.rules, table, null).diagnostics).toEqual([]);
});

test('the same seed gives the same rows, another seed others', () => {
  expect(rowsOf(7, 300)).toEqual(rowsOf(7, 300));
  expect(rowsOf(7, 300)).not.toEqual(rowsOf(8, 300));
});

test('generated values fit their columns, ids are unique, lookups find their rows, and the count is as asked', () => {
  const rows = rowsOf(3, 2000);
  const ids = new Set(rows.map((row) => row.id));
  expect(ids.size).toBe(rows.length);
  const problems: string[] = [];
  for (const { table, values } of rows) {
    for (const [name, value] of Object.entries(values)) {
      const column = index.column(table, name);
      if (column === undefined) problems.push(`${table}.${name} does not exist`);
      else if (parseValue(column, value).kind === 'invalid')
        problems.push(`${table}.${name} = ${JSON.stringify(value)}`);
      if (isLookupValue(value) && !ids.has(value.id))
        problems.push(`${table}.${name} points nowhere`);
    }
  }
  expect([...new Set(problems)]).toEqual([]);
  const pointers = rows.filter((row) => index.table(row.table)?.isActivity).length;
  expect(rows.length + pointers).toBeGreaterThan(2000 * 0.95);
  expect(rows.length + pointers).toBeLessThan(2000 * 1.1);
});
