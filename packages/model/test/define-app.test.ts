import { expect, test } from 'vitest';
import { defineApp, defineTable, indexModel } from '../src/index.ts';

const visit = defineTable({
  name: 'new_visit',
  label: 'Visit',
  primaryName: 'new_name',
  ownership: 'user',
  columns: { new_name: { type: 'string' } },
});

test('an app has what it is given, and nothing else', () => {
  const app = defineApp({ uniqueName: 'visits', tables: [visit] });
  expect(app).toMatchObject({ name: 'visits', uniqueName: 'visits', tables: [visit] });
  const { name, uniqueName, version, tables, ...rest } = app;
  expect(version).toMatch(/^\d+(\.\d+){3}$/);
  expect(rest).toEqual({
    relationships: [],
    savedQueries: [],
    forms: [],
    rules: [],
    flows: [],
    roles: [],
    siteMap: { areas: [] },
    profile: { id: '', name: '', items: [] },
  });
  expect(indexModel(app).column('new_visit', 'new_name')?.type).toBe('string');
});

test('what is given stays', () => {
  const siteMap = { areas: [{ label: 'Area', groups: [] }] };
  const app = defineApp({ uniqueName: 'visits', name: 'Visits', tables: [visit], siteMap });
  expect(app).toMatchObject({ name: 'Visits', siteMap });
});
