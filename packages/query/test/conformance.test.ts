import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Cell, valuesToCells } from '@outpost/model';
import { fileStorage, memoryStorage } from '@outpost/store/node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { caseModel, caseValues } from '../src/conformance/conformance-file.ts';
import { openCase, parseConformanceFile, postgresql, runCase } from '../src/index.ts';
import { address, openPostgres, type PostgresDatabase } from './postgres.ts';

const path =
  process.env['OUTPOST_CONFORMANCE'] ??
  fileURLToPath(new URL('../../../../shared/conformance/fetchxml.json', import.meta.url));
const cases = existsSync(path) ? parseConformanceFile(readFileSync(path, 'utf8')).cases : [];
const folder = mkdtempSync(join(tmpdir(), 'outpost-conformance-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

// Counted where there is no file of cases.
if (cases.length === 0) test.skip('public query cases', () => undefined);

describe.skipIf(cases.length === 0).each(['sqljs', 'node:sqlite'] as const)(
  'public cases on %s',
  (driver) => {
    test.each(cases.map((one, i) => [one.id, one, i] as const))('%s', async (_, one, i) => {
      const storage =
        driver === 'sqljs' ? memoryStorage() : fileStorage(folder, `case${i}`, { driver });
      const database = await openCase(one, storage);
      const outcome = await runCase(one, database, true);
      await database.close();
      expect(outcome).toMatchObject({ kind: 'passed', alternative: false });
    });
  },
);

describe.skipIf(cases.length === 0 || address === undefined)('public cases on PostgreSQL', () => {
  let database: PostgresDatabase;
  beforeAll(async () => {
    database = await openPostgres('conformance');
  });
  afterAll(() => database.close());

  test.each(cases.map((one) => [one.id, one] as const))('%s', async (_, one) => {
    const { tables } = caseModel(one);
    await database.create(tables);
    for (const table of tables) {
      for (const row of one.tables[table.name] ?? []) {
        await database.insert(table, {
          ...valuesToCells(table, caseValues(table, row, one)),
          [table.primaryId]: String(row[table.primaryId]),
        });
      }
    }
    const all = async (text: string, params: readonly Cell[]) => {
      const answer = await database.client.query({ text, values: [...params], rowMode: 'array' });
      return answer.rows as unknown as readonly Cell[][];
    };
    const outcome = await runCase(
      one,
      { all, isFolded: () => true, dialect: postgresql },
      true,
    ).finally(() => database.drop(tables));
    expect(outcome).toMatchObject({ kind: 'passed', alternative: false });
  });
});

test('a file of another format is refused', () => {
  expect(() => parseConformanceFile('{')).toThrow(SyntaxError);
  expect(() => parseConformanceFile('{"format":"x"}')).toThrow('not "fetchxml-conformance/1"');
  expect(() => parseConformanceFile('{"format":"fetchxml-conformance/1"}')).toThrow('no list');
  expect(() =>
    parseConformanceFile('{"format":"fetchxml-conformance/1","cases":[{"id":"x"}]}'),
  ).toThrow('Case 1');
});
