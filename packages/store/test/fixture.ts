import { type AppModel, defineTable, withSystemTables } from '@outpost/model';

export const accountTable = defineTable({
  name: 'account',
  label: 'Account',
  primaryName: 'name',
  ownership: 'user',
  columns: {
    name: { type: 'string', maxLength: 160 },
    employees: { type: 'integer' },
    revenue: { type: 'money' },
    parentid: { type: 'lookup', targets: ['account'] },
  },
});

export const testModel: AppModel = withSystemTables({
  name: 'Test',
  uniqueName: 'test',
  version: '1',
  tables: [accountTable],
  relationships: [],
  savedQueries: [],
  forms: [],
  rules: [],
  flows: [],
  roles: [],
  siteMap: { areas: [] },
  profile: { id: '1', name: 'p', items: [] },
});

export const id = (n: number): string =>
  `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;
