import {
  answerLater,
  answerNow,
  type CascadeAnswer,
  type CascadeKind,
  type CascadePlan,
  type CascadeQuestion,
  defineApp,
  defineTable,
  indexModel,
  type ModelIndex,
  planAssign,
  planDelete,
  pointerValues,
  type Relationship,
  restrictedMessage,
  type Table,
  twinTables,
} from '@outpost/model';
import { seededRandom } from '@outpost/testkit';
import { describe, expect, test } from 'vitest';

const names = ['a', 'b', 'c', 'd'] as const;
const onDelete: readonly CascadeKind[] = [
  'cascade',
  'cascade',
  'cascade',
  'removeLink',
  'restrict',
  'noCascade',
];
const onAssign: readonly CascadeKind[] = ['cascade', 'active', 'userOwned', 'noCascade'];

interface Row {
  owner: string | null;
  statecode: number;
  /** By column, the id of the target. */
  readonly links: Map<string, string>;
}
/** Rows by `table/id`. */
type Rows = Map<string, Row>;

function randomWorld(seed: number): { readonly index: ModelIndex; readonly rows: Rows } {
  const random = seededRandom(seed);
  const pick = <Item>(list: readonly Item[]): Item =>
    list[Math.floor(random.next() * list.length)] as Item;
  const links = names.flatMap((table) =>
    names.flatMap((target) => (random.next() < 0.4 ? [{ table, target }] : [])),
  );
  const tables = names.map((name) =>
    defineTable({
      name,
      label: name,
      primaryName: null,
      ownership: name === 'd' ? 'none' : 'user',
      columns: Object.fromEntries(
        links
          .filter((one) => one.table === name)
          .map(({ target }) => [`to_${target}`, { type: 'lookup' as const, targets: [target] }]),
      ),
    }),
  );
  const relationships = links.map(
    ({ table, target }): Relationship => ({
      kind: 'manyToOne',
      name: `${table}_${target}`,
      table,
      column: `to_${target}`,
      target,
      cascade: { delete: pick(onDelete), assign: pick(onAssign) },
    }),
  );
  const rows: Rows = new Map();
  for (const table of names) {
    for (let n = 1; n <= 4; n++) {
      const own = links.filter((one) => one.table === table && random.next() < 0.6);
      rows.set(`${table}/${n}`, {
        owner: table === 'd' ? null : pick(['ana', 'ben']),
        statecode: pick([0, 1]),
        // Rows may refer to themselves, and to each other in circles.
        links: new Map(own.map(({ target }) => [`to_${target}`, String(pick([1, 2, 3, 4]))])),
      });
    }
  }
  const model = defineApp({ name: 'App', uniqueName: 'app', tables, relationships });
  return { index: indexModel(model), rows };
}

const childrenOf = (rows: Rows, table: string, column: string, id: string) =>
  [...rows]
    .filter(([key, row]) => key.startsWith(`${table}/`) && row.links.get(column) === id)
    .map(([key]) => key.slice(table.length + 1))
    .sort();

function answerFrom(rows: Rows): (question: CascadeQuestion) => CascadeAnswer {
  return (question) => {
    if (question.ask === 'children') {
      return childrenOf(rows, question.table, question.column, question.id);
    }
    const row = rows.get(`${question.table}/${question.id}`);
    return row === undefined ? null : { owner: row.owner, isActive: row.statecode === 0 };
  };
}

const copyOf = (rows: Rows): Rows =>
  new Map([...rows].map(([key, row]) => [key, { ...row, links: new Map(row.links) }]));

/** Deletes by doing: one row after another, looking at what is there each time. */
function removeNaively(
  { model, table: find }: ModelIndex,
  rows: Rows,
  table: string,
  id: string,
  busy: readonly string[] = [],
): void {
  const own = [...busy, `${table}/${id}`];
  for (const one of model.relationships) {
    if (one.kind !== 'manyToOne' || one.target !== table) continue;
    const children = childrenOf(rows, one.table, one.column, id).filter(
      (child) => !own.includes(`${one.table}/${child}`),
    );
    if (children.length > 0 && one.cascade.delete === 'restrict') {
      throw new Error(
        restrictedMessage(find(table) as Table, find(one.table) as Table, children.length),
      );
    }
    for (const child of children) {
      const key = `${one.table}/${child}`;
      if (one.cascade.delete === 'removeLink') rows.get(key)?.links.delete(one.column);
      if (one.cascade.delete === 'cascade' && rows.has(key)) {
        removeNaively({ model, table: find } as ModelIndex, rows, one.table, child, own);
      }
    }
  }
  rows.delete(`${table}/${id}`);
}

function assignNaively(
  index: ModelIndex,
  rows: Rows,
  table: string,
  id: string,
  from: string | null,
  to: string,
): void {
  for (const one of index.model.relationships) {
    if (one.kind !== 'manyToOne' || one.target !== table) continue;
    if (index.table(one.table)?.ownership !== 'user') continue;
    for (const child of childrenOf(rows, one.table, one.column, id)) {
      const row = rows.get(`${one.table}/${child}`);
      if (row === undefined || row.owner === to) continue;
      const follows =
        one.cascade.assign === 'cascade' ||
        (one.cascade.assign === 'active' && row.statecode === 0) ||
        (one.cascade.assign === 'userOwned' && row.owner === from);
      if (!follows) continue;
      const old = row.owner;
      row.owner = to;
      assignNaively(index, rows, one.table, child, old, to);
    }
  }
}

function refusalOf(change: () => void): string | null {
  try {
    change();
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

function said(plan: CascadePlan): string | null {
  if (plan.kind === 'planned') return null;
  return plan.kind === 'restricted'
    ? restrictedMessage(plan.table, plan.child, plan.count)
    : plan.kind;
}

describe('N07h: what a change does to other rows is planned as it would be done', () => {
  test('for deletions, of rows in circles too', () => {
    const met = { planned: 0, restricted: 0, others: 0 };
    for (let seed = 1; seed <= 400; seed++) {
      const { index, rows } = randomWorld(seed);
      const table = names[seed % 4] ?? 'a';
      const plan = answerNow(planDelete(index, index.table(table) as Table, '1'), answerFrom(rows));
      const done = copyOf(rows);
      const refused = refusalOf(() => removeNaively(index, done, table, '1'));
      const isPlanned = plan.kind === 'planned';
      expect(said(plan)).toBe(refused);
      const steps = isPlanned ? plan.steps : [];
      for (const step of steps) {
        const key = `${step.table}/${step.id}`;
        if (step.do === 'delete') rows.delete(key);
        if (step.do === 'clear') rows.get(key)?.links.delete(step.column);
      }
      // What is refused is taken back as a whole.
      expect(rows).toEqual(isPlanned ? done : rows);
      const deleted = steps.map((step) => `${step.do} ${step.table}/${step.id}`);
      expect(new Set(deleted.filter((step) => step.startsWith('delete'))).size).toBe(
        deleted.filter((step) => step.startsWith('delete')).length,
      );
      met[isPlanned ? 'planned' : 'restricted'] += 1;
      if (steps.length > 1) met.others += 1;
    }
    expect(Math.min(...Object.values(met))).toBeGreaterThan(40);
  });

  test('for new owners', () => {
    let others = 0;
    for (let seed = 1; seed <= 400; seed++) {
      const { index, rows } = randomWorld(seed);
      const table = (['a', 'b', 'c'] as const)[seed % 3] ?? 'a';
      const row = rows.get(`${table}/1`) as Row;
      const from = row.owner;
      row.owner = 'carla';
      const planning = planAssign(index, index.table(table) as Table, '1', { from, to: 'carla' });
      const plan = answerNow(planning, answerFrom(rows));
      const done = copyOf(rows);
      assignNaively(index, done, table, '1', from, 'carla');
      const steps = plan.kind === 'planned' ? plan.steps : [];
      for (const step of steps) {
        const child = rows.get(`${step.table}/${step.id}`);
        if (child !== undefined) child.owner = 'carla';
      }
      expect(rows).toEqual(done);
      others += steps.length;
    }
    expect(others).toBeGreaterThan(100);
  });

  test('the same when the answers come later', async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const { index, rows } = randomWorld(seed);
      const table = index.table('a') as Table;
      const answer = answerFrom(rows);
      const later = await answerLater(planDelete(index, table, '1'), async (one) => answer(one));
      expect(later).toEqual(answerNow(planDelete(index, table, '1'), answer));
    }
  });

  test('but not for more rows than are allowed', () => {
    const { index, rows } = randomWorld(1);
    const table = index.table('a') as Table;
    const many: Rows = new Map([...rows].filter(([key]) => key === 'a/1'));
    const own = indexModel({
      ...index.model,
      relationships: [
        {
          kind: 'manyToOne',
          name: 'one',
          table: 'b',
          column: 'to_a',
          target: 'a',
          cascade: { delete: 'cascade', assign: 'cascade' },
        },
      ],
    });
    for (const n of [1, 2]) {
      many.set(`b/${n}`, { owner: 'ana', statecode: 0, links: new Map([['to_a', '1']]) });
    }
    const deleting = (most: number) =>
      answerNow(planDelete(own, table, '1', most), answerFrom(many)).kind;
    const assigning = (most: number) =>
      answerNow(planAssign(own, table, '1', { from: 'ana', to: 'ben' }, most), answerFrom(many))
        .kind;
    expect([deleting(3), deleting(2)]).toEqual(['planned', 'tooMany']);
    expect([assigning(2), assigning(1)]).toEqual(['planned', 'tooMany']);
  });
});

test('N07e: an activity is shown among all activities, with the columns that both have, and goes from both', () => {
  const activity = (name: string) =>
    defineTable({
      name,
      label: name,
      primaryName: 'subject',
      ownership: 'user',
      columns: {
        subject: { type: 'string', maxLength: 10 },
        activitytypecode: { type: 'string', maxLength: 100 },
      },
    });
  const all = activity('activitypointer');
  const pointer: Table = {
    ...all,
    columns: all.columns.filter(({ name }) => ['subject', 'activitytypecode'].includes(name)),
  };
  const call = { ...activity('phonecall'), isActivity: true };
  const model = defineApp({
    name: 'App',
    uniqueName: 'app',
    tables: [pointer, call, activity('letter')],
    relationships: [],
  });
  const index = indexModel(model);
  const named = (table: Table) => twinTables(index, table).map((one) => one.name);
  expect([named(pointer), named(call), named(activity('letter'))]).toEqual([
    ['phonecall'],
    ['activitypointer'],
    [],
  ]);
  expect(pointerValues(pointer, call, { subject: 'Boiler', phonenumber: '1' })).toEqual({
    subject: 'Boiler',
    activitytypecode: 'phonecall',
  });
  const answer = (question: CascadeQuestion): CascadeAnswer =>
    question.ask === 'children' ? [] : { owner: null, isActive: true };
  for (const table of [pointer, call]) {
    const plan = answerNow(planDelete(index, table, '1'), answer);
    const steps = plan.kind === 'planned' ? plan.steps : [];
    expect(steps.map((step) => [step.table, step.do === 'delete' && step.isTwin])).toEqual([
      [table.name, false],
      [table === pointer ? 'phonecall' : 'activitypointer', true],
    ]);
  }
});
