import { dataverseErrors } from '@outpost/model';
import { sampleUsers } from '@outpost/sample';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Device, SaveResult } from '../src/index.ts';
import { openWorld, sync, type World } from './world.ts';

let world: World;
let device: Device;
beforeEach(async () => {
  world = await openWorld();
  device = await world.synced('ana');
});
afterEach(() => world.close());

const id = '0a000000-0000-4000-8000-00000000000b';
const carla = () => world.organization.as(sampleUsers.carla.id);
const spellings = [id.toUpperCase(), `{${id}}`, ` {${id.toUpperCase()}} `];
const noIds = ['my-id', '', '{}', `${id}0`, id.replaceAll('-', ''), '1'];

describe('N08a: an id that is no GUID is refused at the call', () => {
  const saves: readonly (readonly [string, (one: string) => SaveResult])[] = [
    ['create', (one) => device.create('account', { name: 'A' }, one)],
    ['update', (one) => device.update('account', one, { name: 'A' })],
    ['delete', (one) => device.delete('account', one)],
    ['qualify', (one) => device.qualify(one)],
    ['disqualify', (one) => device.disqualify(one, 'Lost')],
    ['markComplete', (one) => device.markComplete('task', one)],
    ['addNote', (one) => device.addNote('account', one, { subject: 'S', text: 'T' })],
    ['removeAttachment', (one) => device.removeAttachment(one)],
    ['moveFlow', (one) => device.moveFlow('lead', one, { kind: 'nextStage' })],
    [
      'create with a lookup',
      (one) =>
        device.create('contact', {
          lastname: 'L',
          parentcustomerid: { table: 'account', id: one },
        }),
    ],
  ];
  test.each(saves)('%s', (_, save) => {
    for (const one of noIds) {
      expect(save(one), one).toMatchObject({
        kind: 'refused',
        reasons: [{ kind: 'invalidValue', code: dataverseErrors.invalidArgument }],
      });
    }
    expect(device.sync.outbox.pending()).toEqual([]);
  });

  test.each<[string, (one: string) => unknown]>([
    ['get', (one) => device.get('account', one)],
    ['observe', (one) => device.observe('account', one)],
    ['openForm', (one) => device.openForm('account', one)],
    ['notes', (one) => device.notes('account', one)],
    ['document', (one) => device.document('annotation', one, 'documentbody')],
    ['flow', (one) => device.flow('lead', one)],
  ])('%s: an error, as a row is asked for that cannot be', (_, read) => {
    for (const one of noIds) {
      expect(() => read(one), one).toThrow(expect.objectContaining({ code: 'device.invalidId' }));
    }
  });
});

test('N08b: braces and capitals are other spellings of one id', async () => {
  for (const [i, spelling] of spellings.entries()) {
    const name = `Spelling ${i}`;
    const saved =
      i === 0
        ? device.create('account', { name }, spelling)
        : device.update('account', spelling, { name });
    expect(saved).toMatchObject({ kind: 'saved', id });
    expect(device.get('account', spelling)).toMatchObject({ name });
    const form = device.openForm('account', spelling);
    expect(form.current).toMatchObject({ id, title: name });
    form.close();
    const contact = device.create('contact', {
      lastname: 'L',
      parentcustomerid: { table: 'account', id: spelling },
    });
    const made = device.get('contact', contact.kind === 'saved' ? contact.id : '');
    expect(made).toMatchObject({ parentcustomerid: { table: 'account', id } });
    expect(device.addNote('account', spelling, { subject: 'S', text: name }).kind).toBe('saved');
    expect(device.notes('account', spelling)).toHaveLength(i + 1);
  }
  const [[lead] = []] = device.store.all('SELECT leadid FROM lead WHERE statecode = 0 LIMIT 1');
  expect(device.qualify(String(lead).toUpperCase()).kind).toBe('saved');
  await sync(device);
  expect(device.sync.errors.list()).toEqual([]);
  expect(await carla().retrieve('account', id)).toMatchObject({ name: 'Spelling 2' });
  expect(device.delete('account', `{${id}}`).kind).toBe('saved');
  expect(device.get('account', id)).toBeNull();
});

test('N08a: an id that a row of the device has is refused too', () => {
  const [[known] = []] = device.store.all('SELECT accountid FROM account LIMIT 1');
  expect(device.create('account', { name: 'Again' }, String(known).toUpperCase())).toMatchObject({
    kind: 'refused',
    reasons: [{ kind: 'invalidValue', code: dataverseErrors.duplicateRecord }],
  });
});

test('N08d: setting a column that the table does not have is an error', () => {
  const form = device.openForm('account', null);
  expect(() => form.set('typo', 1)).toThrow(
    expect.objectContaining({ code: 'device.unknownColumn' }),
  );
  form.close();
});
