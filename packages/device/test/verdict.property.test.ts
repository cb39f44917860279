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
import { openWorld, sync } from './world.ts';

/** Sets of rules, each with its own organization. */
const rounds = lengthOf('OUTPOST_ROUNDS', { short: 2, long: 40 });
const editsPerRound = 25;

const table = defineTable({
  name: 'job',
  label: 'Job',
  primaryName: 'title',
  ownership: 'user',
  isCustom: true,
  columns: {
    title: { type: 'string', label: 'Title' },
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
  title: ['Roof', 'roof', 'Wall'],
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
  const outcomes = { saved: 0, refused: 0, withRuleValues: 0 };
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
        columns.filter(() => random.next() < 0.5).map((name) => [name, one(pool[name] ?? [])]),
      );
      const isNew = rows.length === 0 || random.next() < 0.4;
      const target = isNew ? { id: ids.next(), twin: ids.next() } : one(rows);
      const result = isNew
        ? device.create('job', { title: 'Job', ...values }, target.id)
        : device.update('job', target.id, values);
      device.store.write({ origin: 'local' }, (tx) => {
        const cells = valuesToCells(table, isNew ? { title: 'Job', ...values } : values);
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
      if (result.kind === 'refused') {
        outcomes.refused += 1;
        expect(errors[0], context).toMatchObject({ code: '0x80040265', type: 'Others' });
        const messages = result.reasons.map((reason) => reason.message);
        expect(errors[0]?.message, context).toBe(messages.join(' '));
        device.sync.errors.resolve(errors[0]?.id ?? '', 'discard');
        await sync(device);
        continue;
      }
      outcomes.saved += 1;
      if (isNew) rows.push(target);
      const [mine, theirs] = [device.get('job', target.id), device.get('job', target.twin)];
      expect(ruleColumns(mine), context).toEqual(ruleColumns(theirs));
      const wanted: RowValues = values;
      if (Object.keys(values).some((name) => (mine?.[name] ?? null) !== wanted[name])) {
        outcomes.withRuleValues += 1;
      }
    }
    expect(await device.sync.compare()).toEqual([]);
    await world.close();
  }
  // The rules had a say, in both directions.
  expect(Math.min(...Object.values(outcomes))).toBeGreaterThan(0);
});

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
    { kind: 'clear', column: one(columns.filter((name) => name !== 'title')) },
    { kind: 'require', column, level: 'required' },
    { kind: 'error', column, message: `Not with this ${column}.` },
    { kind: 'visible', column, visible: false },
    { kind: 'lock', column, locked: true },
  ]);
}
