import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type CaseOutcome,
  type ConformanceCase,
  openCase,
  parseConformanceFile,
  runCase,
} from '@outpost/query';
import { fileStorage, memoryStorage } from '@outpost/store/node';
import { type Arguments, textOption } from '../arguments.ts';
import { UsageError } from '../usage-error.ts';
import { userPath } from './run.ts';

const drivers = ['sqljs', 'node-sqlite'] as const;
type Driver = (typeof drivers)[number];

/** Runs a file of query cases on a device database. Exit code 1: a case failed. */
export async function conformanceCommand({ operands, values }: Arguments): Promise<number> {
  const [suite, path] = operands;
  if (suite !== 'fetchxml') throw new UsageError(`Unknown suite "${suite}". Known: fetchxml.`);
  const wanted = textOption(values, 'driver') ?? 'sqljs';
  const driver = drivers.find((one) => one === wanted);
  if (driver === undefined) throw new UsageError(`--driver is ${drivers.join(' or ')}.`);
  const family = textOption(values, 'family');
  const id = textOption(values, 'id');
  const cases = readCases(userPath(path ?? '')).filter(
    (one) => (family === null || one.family === family) && (id === null || one.id === id),
  );
  const json = values['json'] === true;
  const counts = { passed: 0, failed: 0, alternative: 0 };
  for (const one of cases) {
    const outcome = await run(one, driver, values['strict'] === true);
    if (outcome.kind === 'passed') counts.passed += 1;
    else counts.failed += 1;
    if (outcome.kind === 'passed' && outcome.alternative) counts.alternative += 1;
    if (json)
      console.log(JSON.stringify({ type: 'case', id: one.id, family: one.family, ...outcome }));
    else for (const line of linesOf(one, outcome)) console.log(line);
  }
  if (json) console.log(JSON.stringify({ type: 'end', driver, ...counts }));
  else {
    if (counts.alternative > 0) {
      console.log(`${counts.alternative} contested cases gave another known reading.`);
    }
    console.log(`${counts.passed} passed, ${counts.failed} failed`);
  }
  return counts.failed === 0 ? 0 : 1;
}

function readCases(path: string): readonly ConformanceCase[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    throw new UsageError(`The file "${path}" cannot be read.`);
  }
  try {
    return parseConformanceFile(text).cases;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) {
      throw new UsageError(`${path}: ${error.message}`);
    }
    throw error;
  }
}

async function run(one: ConformanceCase, driver: Driver, strict: boolean): Promise<CaseOutcome> {
  const folder = driver === 'sqljs' ? null : mkdtempSync(join(tmpdir(), 'outpost-case-'));
  const storage =
    folder === null ? memoryStorage() : fileStorage(folder, 'case', { driver: 'node:sqlite' });
  const database = await openCase(one, storage);
  try {
    return runCase(one, database, strict);
  } finally {
    await database.close();
    if (folder !== null) rmSync(folder, { recursive: true, force: true });
  }
}

/** A failed case with what is needed to understand it. */
function linesOf({ id, fetchxml }: ConformanceCase, outcome: CaseOutcome): readonly string[] {
  if (outcome.kind === 'passed') return [];
  return [
    `FAILED ${id}: ${outcome.message}`,
    `  query     ${fetchxml}`,
    `  SQL       ${outcome.sql ?? '(none)'}`,
    `  params    ${JSON.stringify(outcome.params)}`,
    `  expected  ${JSON.stringify(outcome.expected)}`,
    `  actual    ${JSON.stringify(outcome.actual)}`,
  ];
}
