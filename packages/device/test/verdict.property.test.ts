import {
  type AppModel,
  type BusinessRule,
  type ColumnValue,
  type Condition,
  defineTable,
  type Operand,
  type RowValues,
  type RuleAction,
  type RuleOperator,
  valuesToCells,
} from '@outpost/model';
import { sampleApp } from '@outpost/sample';
import { seededGuids, seededRandom } from '@outpost/testkit';
import { lengthOf } from '@outpost/vitest/length';
import { expect, test } from 'vitest';
import type { RefusalReason, SaveResult } from '../src/index.ts';
import { openWorld, sync } from './world.ts';

/** Sets of rules, each with its own organization. */
const rounds = lengthOf('OUTPOST_ROUNDS', { short: 2, long: 20 });
const editsPerRound = 25;

const table = defineTable({
  name: 'job',
  label: 'Job',
  primaryName: 'title',
  ownership: 'user',
  isCustom: true,
  columns: {
    // A form asks for it; the platform takes a row without it.
    title: { type: 'string', label: 'Title', required: 'required' },
    // The platform takes no new row without it.
    code: { type: 'string', label: 'Code', required: 'system' },
    place: { type: 'string', label: 'Place' },
    hours: { type: 'integer', label: 'Hours' },
    price: { type: 'decimal', label: 'Price', precision: 2 },
    due: { type: 'dateOnly', label: 'Due' },
    urgent: { type: 'boolean', label: 'Urgent' },
    kind: {
      type: 'choice',
      label: 'Kind',
      options: [1, 2, 3].map((value) => ({ value, label: `Kind ${value}` })),
    },
  },
});
const pool: Readonly<Record<string, readonly ColumnValue[]>> = {
  title: [null, 'Roof', 'roof', 'Wall'],
  code: [null, 'A', 'B', 'a', 'C'],
  place: [null, 'Roof', 'Bärn'],
  hours: [null, 0, 3, 12],
  price: [null, 0, 3, 12.5],
  due: [null, '2026-01-31', '2026-02-01'],
  urgent: [null, true, false],
  kind: [null, 1, 2, 3],
};
const columns = Object.keys(pool);
const sameKind: Readonly<Record<string, string>> = {
  title: 'place',
  place: 'title',
  hours: 'price',
  price: 'hours',
};

test('C01, R05, R-5: device and organization give every edit the same verdict and the same values', async () => {
  const outcomes = {
    saved: 0,
    withoutTitle: 0,
    withRuleValues: 0,
    refusedByRule: 0,
    refusedWithoutCode: 0,
    codeCleared: 0,
  };
  for (let round = 0; round < rounds; round++) {
    const random = seededRandom(500 + round);
    const ids = seededGuids(seededRandom(900 + round));
    const one = <Item>(list: readonly Item[]): Item =>
      list[Math.floor(random.next() * list.length)] as Item;
    const rules = Array.from({ length: 1 + Math.floor(random.next() * 5) }, (_, i) =>
      randomRule(one, i),
    );
    const world = await openWorld(0, appWith(rules));
    const device = await world.device('ana');
    await sync(device);
    /** Rows edited on the device, and twins whose edits only the organization checks. */
    const rows: { readonly id: string; readonly twin: string }[] = [];
    for (let edit = 0; edit < editsPerRound; edit++) {
      const values = Object.fromEntries(
        columns
          .filter((name) => random.next() < (name === 'code' ? 0.7 : 0.5))
          .map((name) => [name, one(pool[name] ?? [])]),
      );
      const isNew = rows.length === 0 || random.next() < 0.4;
      const target = isNew ? { id: ids.next(), twin: ids.next() } : one(rows);
      const result = isNew
        ? device.create('job', values, target.id)
        : device.update('job', target.id, values);
      device.store.write({ origin: 'local' }, (tx) => {
        const cells = valuesToCells(table, values);
        if (isNew) tx.insert('job', target.twin, cells);
        else tx.update('job', target.twin, cells);
      });
      await sync(device);
      const errors = device.sync.errors.list();
      const context = JSON.stringify({ rules, values, isNew, result, errors });
      // What the device took, the organization takes; what it refused, the organization refuses.
      expect(
        errors.map((error) => error.rowId),
        context,
      ).toEqual(result.kind === 'refused' ? [target.twin] : []);
      const verdict = verdictOf(result);
      expect(
        errors.map(({ code, type, message }) => ({ code, type, message })),
        context,
      ).toEqual(verdict === null ? [] : [{ ...verdict, type: 'Others' }]);
      if (verdict !== null) {
        outcomes[verdict.code === ruleError ? 'refusedByRule' : 'refusedWithoutCode'] += 1;
        for (const error of errors) device.sync.errors.resolve(error.id, 'discard');
        await sync(device);
        continue;
      }
      outcomes.saved += 1;
      if (isNew) rows.push(target);
      const [mine, theirs] = [device.get('job', target.id), device.get('job', target.twin)];
      expect(ruleColumns(mine), context).toEqual(ruleColumns(theirs));
      if ((mine?.['title'] ?? null) === null) outcomes.withoutTitle += 1;
      if ((mine?.['code'] ?? null) === null) outcomes.codeCleared += 1;
      const wanted: RowValues = values;
      if (Object.keys(values).some((name) => (mine?.[name] ?? null) !== wanted[name])) {
        outcomes.withRuleValues += 1;
      }
    }
    expect(await device.sync.compare()).toEqual([]);
    await world.close();
  }
  // The rules had a say, in both directions, and so had what is required.
  expect(Math.min(...Object.values(outcomes)), JSON.stringify(outcomes)).toBeGreaterThan(0);
});

const ruleError = '0x80040265';
const fieldMissing = '0x80040200';

/** What the organization must say where the device has refused: what the rules say, else the first empty column. */
function verdictOf(result: SaveResult): { readonly code: string; readonly message: string } | null {
  if (result.kind !== 'refused') return null;
  const messages = (kind: RefusalReason['kind']) =>
    result.reasons.filter((reason) => reason.kind === kind).map((reason) => reason.message);
  const said = messages('ruleError');
  return said.length > 0
    ? { code: ruleError, message: said.join(' ') }
    : { code: fieldMissing, message: messages('requiredColumn')[0] ?? '' };
}

function ruleColumns(row: RowValues | null): RowValues {
  return Object.fromEntries(columns.map((name) => [name, row?.[name] ?? null]));
}

function appWith(rules: readonly BusinessRule[]): AppModel {
  return {
    ...sampleApp,
    tables: [...sampleApp.tables, table],
    rules,
    roles: sampleApp.roles.map((role) => ({
      ...role,
      privileges: { ...role.privileges, job: { create: 4, read: 4, write: 4, delete: 4 } },
    })),
    profile: {
      ...sampleApp.profile,
      items: [
        ...sampleApp.profile.items,
        { table: 'job', criteria: 'all', relationships: [], intervalMinutes: 10 },
      ],
    },
  };
}

type One = <Item>(list: readonly Item[]) => Item;

function randomRule(one: One, i: number): BusinessRule {
  const actions = () => Array.from({ length: one([1, 2]) }, () => randomAction(one));
  return {
    id: `rule-${i}`,
    name: `Rule ${i}`,
    table: 'job',
    scope: one(['table', 'table', 'table', 'allForms'] as const),
    state: 'active',
    order: i,
    branches: Array.from({ length: one([1, 2]) }, () => ({
      when: randomCondition(one),
      then: actions(),
    })),
    ...(one([true, false]) ? { otherwise: actions() } : {}),
  };
}

function randomCondition(one: One): Condition {
  const column = one(columns);
  const ordered: readonly RuleOperator[] = ['hours', 'price', 'due'].includes(column)
    ? ['greater', 'less', 'greaterOrEqual']
    : ['title', 'place'].includes(column)
      ? ['contains', 'beginsWith', 'notEndsWith']
      : [];
  const op = one<RuleOperator>(['equals', 'notEquals', 'hasData', 'noData', ...ordered]);
  const isUnary = op === 'hasData' || op === 'noData';
  const clause: Condition = { column, op, operands: isUnary ? [] : [randomOperand(one, column)] };
  return one([clause, clause, { not: clause }, { all: [clause, clause] }]);
}

/** Written values are not computed from the column itself: such a rule adds anew with every save. */
function randomOperand(one: One, column: string, isWritten = false): Operand {
  const literals = (pool[column] ?? []).filter((value) => value !== null);
  const other = sameKind[column];
  const options: Operand[] = [{ literal: one(literals) }];
  if (other !== undefined) options.push({ column: other });
  if (column === 'price' || (column === 'hours' && !isWritten)) {
    options.push({ formula: { left: { column: 'hours' }, op: '*', right: { literal: 2 } } });
  }
  if (column === 'due' && !isWritten) {
    options.push({ formula: { left: { column: 'due' }, op: '+', right: { column: 'hours' } } });
  }
  return one(options);
}

function randomAction(one: One): RuleAction {
  const column = one(columns);
  return one<RuleAction>([
    { kind: 'setValue', column, value: randomOperand(one, column, true) },
    { kind: 'setDefault', column, value: randomOperand(one, column, true) },
    { kind: 'clear', column },
    { kind: 'require', column, level: 'required' },
    { kind: 'error', column, message: `Not with this ${column}.` },
    { kind: 'visible', column, visible: false },
    { kind: 'lock', column, locked: true },
  ]);
}
