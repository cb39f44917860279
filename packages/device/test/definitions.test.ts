import type { AppModel, Column, Table } from '@outpost/model';
import { roleIds, sampleApp, sampleUsers } from '@outpost/sample';
import { memoryStorage } from '@outpost/store/node';
import type { Failure, SyncTransport } from '@outpost/sync';
import { dataverseTransport } from '@outpost/sync/dataverse';
import { staticToken } from '@outpost/sync/http';
import { testSystem } from '@outpost/testkit';
import { afterEach, describe, expect, test } from 'vitest';
import type { Device } from '../src/index.ts';
import { openWorld, sync, tokenOf, type World } from './world.ts';

let world: World;
afterEach(() => world.close());

const own = ['new_text', 'new_count', 'new_choice', 'new_place', 'new_other'] as const;
const columns: Readonly<Record<(typeof own)[number], Column>> = {
  new_text: { name: 'new_text', label: 'Text', type: 'string', maxLength: 100, required: 'none' },
  new_count: { name: 'new_count', label: 'Count', type: 'integer', required: 'none' },
  new_choice: {
    name: 'new_choice',
    label: 'Choice',
    type: 'choice',
    required: 'none',
    options: [
      { value: 1, label: 'One' },
      { value: 2, label: 'Two' },
    ],
  },
  new_place: {
    name: 'new_place',
    label: 'Place',
    type: 'lookup',
    targets: ['account', 'contact'],
    required: 'none',
  },
  new_other: { name: 'new_other', label: 'Other', type: 'string', required: 'none' },
};

const withTable = (model: AppModel, change: (table: Table) => Table): AppModel => ({
  ...model,
  tables: model.tables.map((table) => (table.name === 'new_visit' ? change(table) : table)),
});
/** The sample app with five more columns of visits. */
const app = withTable(sampleApp, (table) => ({
  ...table,
  columns: [...table.columns, ...own.map((name) => columns[name])],
}));
const withColumn = (name: string, change: (column: Column) => readonly Column[]): AppModel =>
  withTable(app, (table) => ({
    ...table,
    columns: table.columns.flatMap((one) => (one.name === name ? change(one) : [one])),
  }));
const becomes = (name: string, change: Partial<Column>): AppModel =>
  withColumn(name, (one) => [{ ...one, ...change }]);

/** What a network does to the next uploads and pulls. */
interface Line {
  push: 'fine' | 'lost' | 'answerLost';
  pull: 'fine' | 'lost';
}
const failure: Failure = {
  ...{ class: 'network', status: null, code: null, message: 'cut', retryAfterMs: null },
};
const lost = { kind: 'failed', failure } as const;
const over = (inner: SyncTransport, line: Line): SyncTransport => ({
  ...inner,
  async push(message, signal) {
    if (line.push === 'lost') return lost;
    const reply = await inner.push(message, signal);
    return line.push === 'answerLost' ? lost : reply;
  },
  pull: async (message, signal) => (line.pull === 'lost' ? lost : inner.pull(message, signal)),
});

interface Situation {
  readonly device: Device;
  readonly line: Line;
  readonly id: string;
  readonly ids: readonly string[];
}

const text = 'what the user wrote';
/** The edit: the column that is going to change, and another one. */
const edits: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  new_text: { new_text: text, new_other: 'beside' },
  new_count: { new_count: 41, new_other: 'beside' },
  new_choice: { new_choice: 2, new_other: 'beside' },
};
const before: Readonly<Record<string, unknown>> = {
  ...{ new_text: 'old', new_count: 1, new_choice: 1, new_other: 'old' },
};

async function begin(rows = 1): Promise<Situation> {
  world = await openWorld(60, app);
  const line: Line = { push: 'fine', pull: 'fine' };
  const device = await world.synced('carla', { transport: over(world.transport('carla'), line) });
  const ids: string[] = [];
  for (let n = 0; n < rows; n++) {
    const made = device.create('new_visit', { new_name: `Visit ${n}`, ...before });
    if (made.kind !== 'saved') throw new Error(made.kind);
    ids.push(made.id);
  }
  await sync(device);
  return { device, line, id: ids[0] ?? '', ids };
}

/** Where an edit is when the definitions change. */
const states = ['refused', 'applied', 'answerLost', 'lost', 'queued'] as const;
type State = (typeof states)[number];

/** Edits a row and brings the edit there; in this order, for what comes later leaves it there. */
async function bringTo(state: State, { device, line }: Situation, id: string, column: string) {
  if (state === 'refused') {
    await world.organization.setConflictPolicy('on');
    await world.organization
      .as(sampleUsers.carla.id)
      .update({ table: 'new_visit', id, values: { new_name: 'Changed elsewhere' } });
  }
  expect(device.update('new_visit', id, edits[column] ?? {}).kind).toBe('saved');
  if (state === 'queued') return;
  line.push = state === 'lost' || state === 'answerLost' ? state : 'fine';
  line.pull = state === 'refused' ? 'fine' : 'lost';
  const kind = state === 'refused' ? 'done' : 'failed';
  expect(await device.sync.run('DELTA_SYNC')).toMatchObject({ kind });
  await world.organization.setConflictPolicy('off');
}

const stored = (id: string) =>
  world.organization.as(sampleUsers.carla.id).retrieve('new_visit', id);

interface Change {
  readonly name: string;
  readonly column: string;
  readonly model: AppModel;
  /** What the column is called afterwards. */
  readonly after?: string;
  /** Null: the edit goes up as it is. */
  readonly refused: { readonly code: string; readonly says: string } | null;
}
const changes: readonly Change[] = [
  {
    name: 'becomes read-only',
    column: 'new_text',
    model: becomes('new_text', { readOnly: true }),
    refused: { code: 'outpost:readOnly', says: '"Text" (new_text)' },
  },
  {
    name: 'is removed',
    column: 'new_text',
    model: withColumn('new_text', () => []),
    refused: { code: '0x80041103', says: '"new_text"' },
  },
  {
    name: 'is renamed',
    column: 'new_text',
    after: 'new_remark',
    model: becomes('new_text', { name: 'new_remark', renamedFrom: 'new_text' }),
    refused: null,
  },
  {
    name: 'is secured',
    column: 'new_text',
    model: becomes('new_text', { secured: true }),
    refused: { code: '0x80040220', says: 'Text' },
  },
  {
    name: 'becomes shorter than the text',
    column: 'new_text',
    model: becomes('new_text', { maxLength: 5 }),
    refused: { code: '0x80044331', says: 'Text' },
  },
  {
    name: 'loses the option that was chosen',
    column: 'new_choice',
    model: becomes('new_choice', { options: [{ value: 1, label: 'One' }] }),
    refused: { code: '0x8004431a', says: 'Choice' },
  },
  {
    name: 'becomes longer',
    column: 'new_text',
    model: becomes('new_text', { maxLength: 4000 }),
    refused: null,
  },
  {
    name: 'becomes a memo',
    column: 'new_text',
    model: becomes('new_text', { type: 'memo', maxLength: 4000 }),
    refused: null,
  },
  {
    name: 'becomes a decimal',
    column: 'new_count',
    model: becomes('new_count', { type: 'decimal', precision: 2 }),
    refused: null,
  },
  {
    name: 'is renamed and becomes a big integer',
    column: 'new_count',
    after: 'new_number',
    model: becomes('new_count', {
      ...{ name: 'new_number', type: 'bigint', renamedFrom: ['new_count'] },
    }),
    refused: null,
  },
];

test.each(changes)(
  'N09a, N09c: edits of a column that $name: each is applied as it is, or refused for people to see',
  async (change) => {
    const { column, model, refused } = change;
    const after = change.after ?? column;
    const wanted = edits[column]?.[column];
    const situation = await begin(states.length);
    const { device, line, ids } = situation;
    for (const [i, state] of states.entries()) {
      await bringTo(state, situation, ids[i] ?? '', column);
    }
    const inQueue = device.sync.outbox.unsettled().map((one) => [one.state, one.everSent]);
    expect(inQueue).toEqual([
      ['applied', true],
      ['queued', true],
      ['queued', true],
      ['queued', false],
    ]);
    Object.assign(line, { push: 'fine', pull: 'fine' });
    await world.organization.publish(model);
    await sync(device);
    expect(device.sync.outbox.unsettled()).toEqual([]);

    const errors = device.sync.errors.list();
    const carriedOut = refused === null ? states.slice(1) : states.slice(1, 3);
    const notCarriedOut = states.filter((state) => !carriedOut.includes(state));
    const idsOf = (some: readonly State[]) => some.map((state) => ids[states.indexOf(state)]);
    expect(errors.map((error) => error.rowId).toSorted()).toEqual(idsOf(notCarriedOut).toSorted());
    const hasColumn = model.tables
      .find((one) => one.name === 'new_visit')
      ?.columns.some((one) => one.name === after && one.secured !== true);
    for (const error of errors) {
      expect(error.wanted).toMatchObject({ [after]: wanted, new_other: 'beside' });
      expect(error.canRetry).toBe(true);
      expect(device.sync.errors.sides(error.id)).toContainEqual({
        ...{ column: after, mine: wanted, base: before[column] },
        theirs: hasColumn === true ? before[column] : null,
      });
      // The row is what the organization has.
      expect(device.get('new_visit', error.rowId)).toMatchObject({ new_other: 'old' });
      expect(await stored(error.rowId)).toMatchObject({ new_other: 'old' });
    }
    const because = errors.filter((error) => error.rowId !== ids[0]);
    expect(because.map((error) => error.code)).toEqual(because.map(() => refused?.code));
    expect(because.filter((error) => !error.message.includes(refused?.says ?? ''))).toEqual([]);
    for (const id of idsOf(carriedOut)) {
      expect(await stored(id ?? '')).toMatchObject({ new_other: 'beside' });
    }
    expect(await device.sync.compare()).toEqual([]);
    if (refused !== null) return;

    const [conflict] = errors;
    device.sync.errors.resolve(conflict?.id ?? '', 'retry');
    await sync(device);
    expect(device.sync.errors.list()).toEqual([]);
    for (const id of ids) {
      expect(await stored(id)).toMatchObject({ [after]: wanted, new_other: 'beside' });
      expect(device.get('new_visit', id)).toMatchObject({ [after]: wanted, new_other: 'beside' });
    }
    expect(await device.sync.compare()).toEqual([]);
  },
);

describe('an edit that is refused because its column has changed', () => {
  test.each(['becomes read-only', 'is removed'])(
    'N09b: of a column that %s is tried again as often as one likes, and applied when the column is back',
    async (name) => {
      const situation = await begin();
      const { device, id } = situation;
      await bringTo('queued', situation, situation.id, 'new_text');
      const model = changes.find((one) => one.name === name)?.model ?? app;
      await world.organization.publish(model);
      await sync(device);
      for (const action of ['retry', 'keepMine'] as const) {
        const [error] = device.sync.errors.list();
        device.sync.errors.resolve(error?.id ?? '', action);
        // It waits, and is seen to wait.
        expect(device.sync.outbox.pending()[0]?.set).toMatchObject({ new_text: text });
        await sync(device);
        expect(device.sync.errors.list()).toMatchObject([{ wanted: { new_text: text } }]);
      }
      await world.organization.publish(app);
      await sync(device);
      const [error] = device.sync.errors.list();
      expect(error?.wanted).toMatchObject({ new_text: text });
      device.sync.errors.resolve(error?.id ?? '', 'retry');
      await sync(device);
      expect(await stored(id)).toMatchObject({ new_text: text, new_other: 'beside' });
      expect(device.sync.errors.list()).toEqual([]);
      expect(await device.sync.compare()).toEqual([]);
    },
  );

  test('N09b: is sent again without the column, or given up', async () => {
    const situation = await begin();
    const { device, id } = situation;
    await bringTo('queued', situation, situation.id, 'new_text');
    await world.organization.publish(withColumn('new_text', () => []));
    await sync(device);
    const [error] = device.sync.errors.list();
    device.sync.errors.editAndRetry(error?.id ?? '', { new_other: 'edited' }, ['new_text']);
    await sync(device);
    expect(device.sync.errors.list()).toEqual([]);
    expect(await stored(id)).toMatchObject({ new_other: 'edited' });
    expect(device.get('new_visit', id)).toMatchObject({ new_other: 'edited' });
  });
});

test('N09c: values, names of targets and their tables are under the new name at once, and a queued create goes up with them', async () => {
  const { device, line } = await begin();
  const account = device.create('account', { name: 'Alpine' });
  await sync(device);
  const place = {
    table: 'account',
    id: account.kind === 'saved' ? account.id : '',
    name: 'Alpine',
  };
  const made = device.create('new_visit', { new_name: 'New', new_place: place });
  const id = made.kind === 'saved' ? made.id : '';
  line.push = 'lost';
  expect(await device.sync.run('DELTA_SYNC')).toMatchObject({ kind: 'failed' });
  line.push = 'fine';
  await world.organization.publish(
    becomes('new_place', { name: 'new_site', renamedFrom: 'new_place' }),
  );
  line.pull = 'lost';
  expect(await device.sync.run('FORCED_SYNC')).toMatchObject({ kind: 'failed' });
  expect(device.get('new_visit', id)).toMatchObject({ new_site: place });
  line.pull = 'fine';
  await sync(device);
  expect(await stored(id)).toMatchObject({ new_site: place });
  expect(device.sync.errors.list()).toEqual([]);
  expect(await device.sync.compare()).toEqual([]);
});

test('N09c: a device that missed several names finds its values and edits under the last one', async () => {
  const situation = await begin();
  const { device, id } = situation;
  await bringTo('queued', situation, situation.id, 'new_text');
  const named = (name: string, from?: string) =>
    becomes('new_text', from === undefined ? { name } : { name, renamedFrom: from });
  await world.organization.publish(named('new_second', 'new_text'));
  await world.organization.publish(named('new_third', 'new_second'));
  // Nobody has to repeat what was said once.
  await world.organization.publish(named('new_third'));
  await sync(device);
  expect(await stored(id)).toMatchObject({ new_third: text });
  // And the first name again.
  expect(device.update('new_visit', id, { new_third: 'later' }).kind).toBe('saved');
  await world.organization.publish(app);
  await sync(device);
  expect(await stored(id)).toMatchObject({ new_text: 'later' });
  expect(device.get('new_visit', id)).toMatchObject({ new_text: 'later' });
  expect(device.sync.errors.list()).toEqual([]);
  expect(await device.sync.compare()).toEqual([]);
});

test('N09d: a name that was given up is not used again while the column has another one', async () => {
  await begin();
  const renamed = becomes('new_text', { name: 'new_remark', renamedFrom: 'new_text' });
  await world.organization.publish(renamed);
  const again = withTable(renamed, (table) => ({
    ...table,
    columns: [...table.columns, columns.new_text],
  }));
  await expect(world.organization.publish(again)).rejects.toMatchObject({
    code: 'model.invalid',
    message: expect.stringContaining('new_visit.new_remark'),
  });
  await expect(
    world.organization.publish(becomes('new_count', { type: 'string' })),
  ).rejects.toMatchObject({ code: 'model.invalid' });
});

test('N09f: a column that comes back with another type: texts that are numbers go up, others are refused for people to see', async () => {
  const situation = await begin(3);
  const { device, ids } = situation;
  const [number = '', word = '', other = ''] = ids;
  for (const id of ids) {
    const values = { new_text: null };
    await world.organization.as(sampleUsers.carla.id).update({ table: 'new_visit', id, values });
  }
  expect(device.update('new_visit', number, { new_text: ' 41 ' }).kind).toBe('saved');
  await bringTo('queued', situation, word, 'new_text');
  await world.organization.publish(withColumn('new_text', () => []));
  const { maxLength: _, ...texts } = columns.new_text;
  const numeric: Column = { ...texts, type: 'integer' };
  await world.organization.publish(withColumn('new_text', () => [numeric]));
  await world.organization
    .as(sampleUsers.carla.id)
    .update({ table: 'new_visit', id: other, values: { new_text: 7 } });
  await sync(device);
  expect(device.get('new_visit', number)).toMatchObject({ new_text: 41 });
  expect(device.get('new_visit', other)).toMatchObject({ new_text: 7 });
  expect(device.sync.errors.list()).toMatchObject([
    { rowId: word, code: '0x8004432f', wanted: { new_text: text, new_other: 'beside' } },
  ]);
  const [error] = device.sync.errors.list();
  device.sync.errors.editAndRetry(error?.id ?? '', { new_text: 5 });
  expect(device.get('new_visit', word)).toMatchObject({ new_text: 5, new_other: 'beside' });
  await sync(device);
  expect(await stored(word)).toMatchObject({ new_text: 5, new_other: 'beside' });
  expect(await device.sync.compare()).toEqual([]);
});

test('N09a, N09c: on a plain Web API too, with the app that the client brings', async () => {
  world = await openWorld(60, app);
  const storage = memoryStorage();
  const open = (model: AppModel) =>
    world.device('carla', {
      storage,
      transport: dataverseTransport({
        ...{ url: world.server.url, tokens: staticToken(tokenOf('carla')), app: model },
        clock: testSystem(1).clock,
      }),
    });
  const first = await open(app);
  await sync(first);
  const ids = [1, 2, 3].map((n) => {
    const made = first.create('new_visit', { new_name: `Visit ${n}`, ...before });
    return made.kind === 'saved' ? made.id : '';
  });
  await sync(first);
  const [renamed = '', locked = '', gone = ''] = ids;
  first.update('new_visit', renamed, { new_text: text });
  first.update('new_visit', locked, { new_count: 41 });
  first.update('new_visit', gone, { new_other: text });
  await first.close();
  const model = withTable(app, (table) => ({
    ...table,
    columns: table.columns.flatMap((one): Column[] => {
      if (one.name === 'new_text') return [{ ...one, name: 'new_remark', renamedFrom: one.name }];
      if (one.name === 'new_count') return [{ ...one, readOnly: true }];
      return one.name === 'new_other' ? [] : [one];
    }),
  }));
  await world.organization.publish(model);
  const device = await open(model);
  await sync(device);
  expect(await stored(renamed)).toMatchObject({ new_remark: text });
  const errors = new Map(device.sync.errors.list().map((one) => [one.rowId, one]));
  expect(errors.size).toBe(2);
  expect(errors.get(locked)).toMatchObject({
    ...{ code: 'outpost:readOnly', wanted: { new_count: 41 } },
    message: expect.stringContaining('"Count" (new_count)'),
  });
  expect(errors.get(gone)).toMatchObject({ code: '0x80041103', wanted: { new_other: text } });
  const taken = becomes('new_text', { renamedFrom: 'new_other' });
  expect(() => open(taken)).toThrow(expect.objectContaining({ code: 'app.invalid' }));
});

describe('a table', () => {
  const withoutVisits: AppModel = {
    ...app,
    profile: {
      ...app.profile,
      items: app.profile.items.filter((item) => item.table !== 'new_visit'),
    },
  };

  test('N09e: that leaves the profile takes the edits that wait to the organization first', async () => {
    const situation = await begin();
    const { device, id } = situation;
    await bringTo('lost', situation, situation.id, 'new_text');
    Object.assign(situation.line, { push: 'fine', pull: 'fine' });
    await world.organization.publish(withoutVisits);
    await sync(device);
    expect(await stored(id)).toMatchObject({ new_text: text });
    expect(device.sync.errors.list()).toEqual([]);
  });

  test('N09e: that may not be written any more refuses them for people to see', async () => {
    const situation = await begin();
    const { device } = situation;
    await bringTo('queued', situation, situation.id, 'new_text');
    const role = app.roles.find((one) => one.id === roleIds.salesManager);
    if (role === undefined) throw new Error('no role');
    const { new_visit: rights, ...others } = role.privileges;
    await world.organization.setRole({
      ...role,
      privileges: { ...others, new_visit: { ...rights, write: 0 } },
    });
    await sync(device);
    expect(device.sync.errors.list()).toMatchObject([
      { code: '0x80040220', wanted: { new_text: text }, canRetry: true },
    ]);
  });

  test('N09e: that is gone refuses them for people to see', async () => {
    const situation = await begin();
    const { device } = situation;
    await bringTo('queued', situation, situation.id, 'new_text');
    const has = (table: string) => table !== 'new_visit';
    await world.organization.publish({
      ...withoutVisits,
      tables: app.tables.filter((one) => has(one.name)),
      relationships: app.relationships.filter(
        (one) => one.kind !== 'manyToOne' || (has(one.table) && has(one.target)),
      ),
      forms: app.forms.filter((one) => has(one.table)),
      savedQueries: app.savedQueries.filter((one) => has(one.table)),
    });
    await sync(device);
    expect(device.sync.errors.list()).toMatchObject([
      { code: '0x80041102', wanted: { new_text: text }, canRetry: true },
    ]);
    const [error] = device.sync.errors.list();
    device.sync.errors.resolve(error?.id ?? '', 'retry');
    await sync(device);
    expect(device.sync.errors.list()).toMatchObject([{ wanted: { new_text: text } }]);
  });
});
