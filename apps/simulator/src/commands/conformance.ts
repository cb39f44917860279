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
import { parseRuleCases, runRuleCase } from '@outpost/rules';
import { readSolution } from '@outpost/solution';
import { fileStorage, memoryStorage } from '@outpost/store/node';
import { type Arguments, textOption } from '../arguments.ts';
import { UsageError } from '../usage-error.ts';
import { readPackageFile } from '../world/read-package-file.ts';
import { userPath } from './user-path.ts';

const drivers = ['sqljs', 'node-sqlite'] as const;
type Driver = (typeof drivers)[number];

/** Runs a file of cases. Exit code 1: a case failed. */
export async function conformanceCommand(args: Arguments): Promise<number> {
  const [suite] = args.operands;
  if (suite === 'fetchxml') return runQueryCases(args);
  if (suite === 'rules') return runRuleCases(args);
  throw new UsageError(`Unknown suite "${suite}". Known: fetchxml, rules.`);
}

/** Cases of business rules, on the rules of a solution. */
function runRuleCases({ operands, values }: Arguments): number {
  const file = textOption(values, 'solution');
  if (file === null) throw new UsageError('Cases of rules need --solution FILE.');
  const cases = readCases(userPath(operands[1] ?? ''), parseRuleCases);
  const { model } = readPackageFile(userPath(file), readSolution);
  const json = values['json'] === true;
  const counts = { passed: 0, failed: 0 };
  for (const [i, one] of cases.entries()) {
    const outcome = runRuleCase(one, model.rules, model.tables);
    counts[outcome.kind] += 1;
    if (json) console.log(JSON.stringify({ type: 'case', case: i, rule: one.rule, ...outcome }));
    else if (outcome.kind === 'failed') {
      console.log(`FAILED case ${i}, rule "${one.rule}": ${outcome.message}`);
      console.log(`  ${one.event.padEnd(8)} ${JSON.stringify(one.values)}`);
      if (one.changed !== undefined) console.log(`  changed  ${JSON.stringify(one.changed)}`);
      console.log(`  expected ${JSON.stringify(one.expect)}`);
      console.log(`  actual   ${JSON.stringify(outcome.actual)}`);
    }
  }
  if (json) console.log(JSON.stringify({ type: 'end', ...counts }));
  else console.log(`${counts.passed} passed, ${counts.failed} failed`);
  return counts.failed === 0 ? 0 : 1;
}

/** Cases of queries, on a device database. */
async function runQueryCases({ operands, values }: Arguments): Promise<number> {
  const [, path] = operands;
  const wanted = textOption(values, 'driver') ?? 'sqljs';
  const driver = drivers.find((one) => one === wanted);
  if (driver === undefined) throw new UsageError(`--driver is ${drivers.join(' or ')}.`);
  const family = textOption(values, 'family');
  const id = textOption(values, 'id');
  const file = readCases(userPath(path ?? ''), (text) => parseConformanceFile(text).cases);
  const cases = file.filter(
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

function readCases<Case>(path: string, parse: (text: string) => readonly Case[]): readonly Case[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    throw new UsageError(`The file "${path}" cannot be read.`);
  }
  try {
    return parse(text);
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
    return await runCase(one, database, strict);
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
