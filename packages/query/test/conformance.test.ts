import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fileStorage, memoryStorage } from '@outpost/store/node';
import { afterAll, describe, expect, test } from 'vitest';
import { openCase, parseConformanceFile, runCase } from '../src/index.ts';

const path =
  process.env['OUTPOST_CONFORMANCE'] ??
  fileURLToPath(new URL('../../../../shared/conformance/fetchxml.json', import.meta.url));
const cases = existsSync(path) ? parseConformanceFile(readFileSync(path, 'utf8')).cases : [];
const folder = mkdtempSync(join(tmpdir(), 'outpost-conformance-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.skipIf(cases.length === 0).each(['sqljs', 'node:sqlite'] as const)(
  'public cases on %s',
  (driver) => {
    test.each(cases.map((one, i) => [one.id, one, i] as const))('%s', async (_, one, i) => {
      const storage =
        driver === 'sqljs' ? memoryStorage() : fileStorage(folder, `case${i}`, { driver });
      const database = await openCase(one, storage);
      const outcome = runCase(one, database, true);
      await database.close();
      expect(outcome).toMatchObject({ kind: 'passed', alternative: false });
    });
  },
);

test('a file of another format is refused', () => {
  expect(() => parseConformanceFile('{')).toThrow(SyntaxError);
  expect(() => parseConformanceFile('{"format":"x"}')).toThrow('not "fetchxml-conformance/1"');
  expect(() => parseConformanceFile('{"format":"fetchxml-conformance/1"}')).toThrow('no list');
  expect(() =>
    parseConformanceFile('{"format":"fetchxml-conformance/1","cases":[{"id":"x"}]}'),
  ).toThrow('Case 1');
});
