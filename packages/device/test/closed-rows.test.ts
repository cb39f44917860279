import { type Command, dataverseErrors } from '@outpost/model';
import { namedRows, sampleUsers } from '@outpost/sample';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Device, FormSession, SaveResult } from '../src/index.ts';
import { openWorld, sync, type World } from './world.ts';

let world: World;
let device: Device;
beforeEach(async () => {
  world = await openWorld();
  device = await world.synced('ana');
});
afterEach(() => world.close());

const carla = () => world.organization.as(sampleUsers.carla.id);
const idOf = (saved: SaveResult) => (saved.kind === 'saved' ? saved.id : '');
const fieldsOf = (form: FormSession) => form.current.sections.flatMap(({ fields }) => fields);
const customer = { table: 'account', id: namedRows.alpine };
const { inactiveRow, caseAlreadyResolved } = dataverseErrors;

interface Closed {
  readonly name: string;
  readonly table: string;
  readonly values: Readonly<Record<string, unknown>>;
  readonly state: number;
  readonly label: string;
  /** A column to edit. */
  readonly column: string;
  readonly code: string;
  readonly activates: boolean;
  readonly gone: readonly Command[];
}
const closed: readonly Closed[] = [
  {
    name: 'a qualified lead',
    table: 'lead',
    values: { subject: 'S', lastname: 'L' },
    state: 1,
    label: 'Qualified',
    column: 'jobtitle',
    code: inactiveRow,
    activates: true,
    gone: ['qualify', 'disqualify'],
  },
  {
    name: 'a disqualified lead',
    table: 'lead',
    values: { subject: 'S', lastname: 'L' },
    state: 2,
    label: 'Disqualified',
    column: 'jobtitle',
    code: inactiveRow,
    activates: true,
    gone: ['qualify', 'disqualify'],
  },
  {
    name: 'a completed task',
    table: 'task',
    values: { subject: 'S' },
    state: 1,
    label: 'Completed',
    column: 'description',
    code: inactiveRow,
    activates: false,
    gone: [],
  },
  {
    name: 'a canceled phone call',
    table: 'phonecall',
    values: { subject: 'S' },
    state: 2,
    label: 'Canceled',
    column: 'description',
    code: inactiveRow,
    activates: false,
    gone: [],
  },
  {
    name: 'a completed appointment',
    table: 'appointment',
    values: { subject: 'S' },
    state: 1,
    label: 'Completed',
    column: 'description',
    code: inactiveRow,
    activates: false,
    gone: ['convertToCase'],
  },
  {
    name: 'a resolved case',
    table: 'incident',
    values: { title: 'T', customerid: customer },
    state: 1,
    label: 'Resolved',
    column: 'description',
    code: caseAlreadyResolved,
    activates: true,
    gone: [],
  },
  {
    name: 'a cancelled case',
    table: 'incident',
    values: { title: 'T', customerid: customer },
    state: 2,
    label: 'Canceled',
    column: 'description',
    code: inactiveRow,
    activates: true,
    gone: [],
  },
  {
    name: 'a won opportunity',
    table: 'opportunity',
    values: { name: 'N' },
    state: 1,
    label: 'Won',
    column: 'description',
    code: inactiveRow,
    activates: true,
    gone: [],
  },
  {
    name: 'a lost opportunity',
    table: 'opportunity',
    values: { name: 'N' },
    state: 2,
    label: 'Lost',
    column: 'description',
    code: inactiveRow,
    activates: true,
    gone: [],
  },
  {
    name: 'an inactive account',
    table: 'account',
    values: { name: 'N' },
    state: 1,
    label: 'Inactive',
    column: 'telephone1',
    code: inactiveRow,
    activates: true,
    gone: [],
  },
  {
    name: 'an inactive contact',
    table: 'contact',
    values: { lastname: 'L' },
    state: 1,
    label: 'Inactive',
    column: 'jobtitle',
    code: inactiveRow,
    activates: true,
    gone: [],
  },
  {
    name: 'an inactive row of a custom table',
    table: 'new_visit',
    values: { new_name: 'N' },
    state: 1,
    label: 'Inactive',
    column: 'new_notes',
    code: inactiveRow,
    activates: true,
    gone: ['markComplete'],
  },
];

describe('N06a: a closed row is read-only, says why, and is opened again where Dataverse opens it', () => {
  test.each(closed)('$name', async (one) => {
    const { table, column, state } = one;
    const id = idOf(device.create(table, one.values));
    const open = device.commands(table, id);
    expect(open).toEqual(device.commands(table));
    expect(device.openForm(table, id).current.readOnly).toBeNull();
    expect(device.update(table, id, { statecode: state }).kind).toBe('saved');

    const form = device.openForm(table, id);
    expect(form.current.readOnly).toEqual({
      reason: `Read-only. This record's status: ${one.label}.`,
    });
    expect(fieldsOf(form).filter((field) => !field.locked)).toEqual([]);
    expect(device.update(table, id, { [column]: 'x' })).toMatchObject({
      kind: 'refused',
      reasons: [{ kind: 'inactiveRow', code: one.code }],
    });
    const left = device.commands(table, id);
    expect(open.filter((command) => !left.includes(command))).toEqual(
      open.filter((command) => command === 'update' || one.gone.includes(command)),
    );
    expect(left.includes('activate')).toBe(one.activates);

    const activated = device.activate(table, id);
    expect(activated.kind).toBe(one.activates ? 'saved' : 'refused');
    expect(device.get(table, id)).toMatchObject({ statecode: one.activates ? 0 : state });
    expect(form.current.readOnly === null).toBe(one.activates);
    const edited = device.update(table, id, { [column]: 'x' });
    expect(edited.kind).toBe(one.activates ? 'saved' : 'refused');
    form.close();
    await sync(device);
    expect(device.sync.errors.list()).toEqual([]);
    expect(await device.sync.compare()).toEqual([]);
  });

  test('a row is closed and edited, or opened and edited, in one save', () => {
    const id = idOf(device.create('task', { subject: 'S' }));
    expect(device.update('task', id, { description: 'done', statecode: 1 }).kind).toBe('saved');
    expect(device.update('task', id, { description: 'again', statecode: 0 }).kind).toBe('saved');
    expect(device.get('task', id)).toMatchObject({ description: 'again', statecode: 0 });
  });

  test('a scheduled appointment is open', () => {
    const id = idOf(device.create('appointment', { subject: 'S', statecode: 3 }));
    expect(device.openForm('appointment', id).current.readOnly).toBeNull();
    expect(device.update('appointment', id, { subject: 'T' }).kind).toBe('saved');
  });

  test('an open row is not opened again', () => {
    expect(device.activate('account', namedRows.alpine)).toMatchObject({
      kind: 'refused',
      reasons: [{ code: dataverseErrors.invalidState }],
    });
  });
});

test('N06b: a row that is closed while its form is open locks the form; what was typed stays', async () => {
  const id = idOf(device.create('task', { subject: 'S' }));
  await sync(device);
  const form = device.openForm('task', id);
  form.set('description', 'typed');
  await carla().update({ table: 'task', id, values: { statecode: 1 } });
  await sync(device);
  expect(form.current.readOnly).toMatchObject({ reason: expect.stringContaining('Completed') });
  const field = fieldsOf(form).find((one) => one.column === 'description');
  expect(field).toMatchObject({ value: 'typed', locked: true });
  expect(form.save()).toMatchObject({ kind: 'refused', reasons: [{ kind: 'inactiveRow' }] });
  expect(form.current.dirty).toBe(true);
  await carla().update({ table: 'task', id, values: { statecode: 0 } });
  await sync(device);
  expect(form.save().kind).toBe('saved');
  form.close();
});

describe('N06c: the organization refuses what the platform refuses, and no more', () => {
  test.each<[string, number, object, string | null]>([
    ['task', 1, { subject: 'S' }, inactiveRow],
    ['task', 2, { subject: 'S' }, inactiveRow],
    ['appointment', 3, { subject: 'S' }, null],
    ['incident', 1, { title: 'T', customerid: customer }, caseAlreadyResolved],
    ['incident', 2, { title: 'T', customerid: customer }, null],
    ['lead', 1, { subject: 'S', lastname: 'L' }, null],
    ['opportunity', 1, { name: 'N' }, null],
    ['account', 1, { name: 'N' }, null],
    ['new_visit', 1, { new_name: 'N' }, null],
  ])('%s in state %i', async (table, statecode, values, code) => {
    const id = '0c000000-0000-4000-8000-000000000001';
    const text = table === 'new_visit' ? 'new_notes' : 'description';
    await carla().create({ table, id, values: { ...values } });
    await carla().update({ table, id, values: { statecode } });
    const outcome = await carla()
      .update({ table, id, values: { [text]: 'x' } })
      .then(() => null)
      .catch((error: { readonly code: string }) => error.code);
    expect(outcome).toBe(code);
    await carla().update({ table, id, values: { statecode: 0 } });
    await carla().update({ table, id, values: { [text]: 'y' } });
    expect(await carla().retrieve(table, id)).toMatchObject({ [text]: 'y' });
  });

  test('an edit that was made before the row was closed elsewhere is a visible sync error', async () => {
    const id = idOf(device.create('task', { subject: 'S' }));
    await sync(device);
    device.update('task', id, { description: 'mine' });
    await carla().update({ table: 'task', id, values: { statecode: 1 } });
    await sync(device);
    expect(device.sync.errors.list()).toMatchObject([
      { rowId: id, code: inactiveRow, wanted: { description: 'mine' } },
    ]);
  });
});
