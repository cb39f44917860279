import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { jsonLines, outpost, temporaryFolder } from './program.ts';

const folder = temporaryFolder();
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const one = (id: string, name: string, rows: readonly object[]) => ({
  id,
  family: 'string',
  metadata: {
    part: {
      primaryid: 'partid',
      primaryname: 'name',
      columns: { partid: { type: 'guid' }, name: { type: 'string' } },
    },
  },
  tables: {
    part: [
      { partid: '00000000-0000-0000-0000-000000000001', name: 'Beta' },
      { partid: '00000000-0000-0000-0000-000000000002', name: 'Bêta' },
    ],
  },
  env: { now: '2026-03-18T14:30:00Z', timezone: 'UTC', collation: 'CI_AI' },
  fetchxml: `<fetch><entity name="part"><attribute name="name"/><filter><condition attribute="name" operator="eq" value="${name}"/></filter></entity></fetch>`,
  expect: { rows, ordered: false },
});
const file = (name: string, content: object): string => {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, name), JSON.stringify(content));
  return join(folder, name);
};
const good = one('good', 'beta', [{ name: 'Beta' }, { name: 'Bêta' }]);
const bad = one('bad', 'beta', [{ name: 'Beta' }]);
const format = 'fetchxml-conformance/1';

test.each(['sqljs', 'node-sqlite'])(
  'cases run on %s; a failing one shows query, SQL, expected and actual',
  async (driver) => {
    const path = file('cases.json', { format, cases: [good, bad] });
    const { code, stdout } = await outpost(
      ...['conformance', 'fetchxml', path, '--driver', driver],
    );
    expect(code).toBe(1);
    expect(stdout).toContain('FAILED bad: The rows differ.');
    expect(stdout).toContain('SELECT ');
    expect(stdout).toContain('actual    [{"name":"Beta"},{"name":"Bêta"}]');
    expect(stdout.trimEnd().split('\n').at(-1)).toBe('1 passed, 1 failed');
    const json = await outpost(
      ...['conformance', 'fetchxml', path, '--driver', driver, '--json', '--id', 'good'],
    );
    expect(jsonLines(json.stdout)).toEqual([
      { type: 'case', id: 'good', family: 'string', kind: 'passed', alternative: false },
      { type: 'end', driver, passed: 1, failed: 0, alternative: 0 },
    ]);
  },
);

test.each([
  ['another suite', ['conformance', 'sql', 'x'], 'Unknown suite "sql"'],
  [
    'another driver',
    ['conformance', 'fetchxml', 'x', '--driver', 'y'],
    '--driver is sqljs or node-sqlite',
  ],
  ['a missing file', ['conformance', 'fetchxml', 'nowhere.json'], 'cannot be read'],
  [
    'another format',
    ['conformance', 'fetchxml', file('other.json', { format: 'x' })],
    'not "fetchxml-conformance/1"',
  ],
])('%s is a clear error', async (_, args, message) => {
  const { code, stderr } = await outpost(...args);
  expect(stderr).toContain(message);
  expect(code).toBe(2);
});
