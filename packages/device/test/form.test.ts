import type { RowValues } from '@outpost/model';
import { sampleUsers } from '@outpost/sample';
import { memoryStorage } from '@outpost/store/node';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Device, DeviceError, type FieldState, type FormSession } from '../src/index.ts';
import { openWorld, sync, type World } from './world.ts';

let world: World;
let device: Device;
let id: string;
beforeEach(async () => {
  world = await openWorld(0);
  device = await world.synced('ana');
  const made = device.create('account', { name: 'Contoso', revenue: 50_000 });
  if (made.kind !== 'saved') throw new Error('not saved');
  id = made.id;
  await sync(device);
  await sync(device);
});
afterEach(() => world.close());

/** What a colleague writes, and the device then knows. */
async function colleague(values: RowValues): Promise<void> {
  await world.organization.as(sampleUsers.ben.id).update({ table: 'account', id, values });
  await sync(device);
}
function field(form: FormSession, column: string): FieldState {
  const fields = form.current.sections.flatMap((section) => section.fields);
  const found = fields.find((one) => one.column === column);
  if (found === undefined) throw new Error(`no field ${column}`);
  return found;
}
const stored = async (column: string) =>
  (await world.organization.as(sampleUsers.ben.id).retrieve('account', id))?.[column];
/** Uploads, and brings what came of it. */
async function settle(): Promise<void> {
  await sync(device);
  await sync(device);
}

describe.each(['on', 'merge'] as const)('N01a: conflict policy %s', (policy) => {
  beforeEach(() => world.organization.setConflictPolicy(policy));

  test('what a form saves over a value that it did not show is a conflict', async () => {
    const form = device.openForm('account', id);
    form.set('revenue', 333);
    await colleague({ revenue: 222 });
    expect(field(form, 'revenue')).toMatchObject({
      value: 333,
      theirs: { shown: 50_000, now: 222 },
    });
    expect(form.save().kind).toBe('saved');
    expect(device.get('account', id)).toMatchObject({ revenue: 333 });
    await settle();
    expect(device.sync.errors.list()).toMatchObject([{ type: 'Conflict', rowId: id }]);
    const [error] = device.sync.errors.list();
    expect(device.sync.errors.sides(error?.id ?? '')).toMatchObject([
      { column: 'revenue', base: 50_000, mine: 333, theirs: 222 },
    ]);
    expect(await stored('revenue')).toBe(222);
    // The open form shows what the row is, not what was refused.
    expect(field(form, 'revenue')).toMatchObject({ value: 222, theirs: null });
    expect(form.current.dirty).toBe(false);
    form.close();
  });

  test('it is also a conflict when the row has an edit of the same user that waits', async () => {
    const form = device.openForm('account', id);
    form.set('revenue', 333);
    await colleague({ revenue: 222 });
    expect(device.update('account', id, { telephone1: '1' }).kind).toBe('saved');
    expect(form.save().kind).toBe('saved');
    expect(device.sync.outbox.pending()).toHaveLength(2);
    await settle();
    expect(device.sync.errors.list()).toMatchObject([{ type: 'Conflict' }]);
    expect(await stored('revenue')).toBe(222);
    expect(await stored('telephone1')).toBe('1');
    form.close();
  });

  test('a row that was made here and changed by others since is no exception', async () => {
    const made = device.create('account', { name: 'Fabrikam', revenue: 1 });
    id = made.kind === 'saved' ? made.id : '';
    const form = device.openForm('account', id);
    form.set('revenue', 333);
    await settle();
    await colleague({ revenue: 222 });
    expect(form.save().kind).toBe('saved');
    await settle();
    expect(device.sync.errors.list()).toMatchObject([{ type: 'Conflict' }]);
    expect(await stored('revenue')).toBe(222);
    form.close();
  });

  test('who has seen the value and wants their own over it has no conflict', async () => {
    const form = device.openForm('account', id);
    form.set('revenue', 333);
    await colleague({ revenue: 222 });
    form.keepMine('revenue');
    expect(field(form, 'revenue')).toMatchObject({ value: 333, theirs: null });
    expect(form.save().kind).toBe('saved');
    await settle();
    expect(device.sync.errors.list()).toEqual([]);
    expect(await stored('revenue')).toBe(333);
    form.close();
  });

  test('a choice is of the value that was seen, not of one that comes after it', async () => {
    const form = device.openForm('account', id);
    form.set('revenue', 333);
    await colleague({ revenue: 222 });
    form.keepMine('revenue');
    await colleague({ revenue: 111 });
    expect(field(form, 'revenue').theirs).toEqual({ shown: 222, now: 111 });
    expect(form.save().kind).toBe('saved');
    await settle();
    expect(device.sync.errors.list()).toMatchObject([{ type: 'Conflict' }]);
    expect(await stored('revenue')).toBe(111);
    form.close();
  });

  test('a field that nobody edits follows the row, and does not stand in the way of others', async () => {
    const form = device.openForm('account', id);
    form.set('telephone1', '1');
    await colleague({ revenue: 222 });
    expect(field(form, 'revenue')).toMatchObject({ value: 222, theirs: null });
    expect(form.save().kind).toBe('saved');
    await settle();
    expect(device.sync.errors.list()).toEqual([]);
    expect([await stored('revenue'), await stored('telephone1')]).toEqual([222, '1']);
    form.close();
  });

  test('a draft is based on what its form showed', async () => {
    const form = device.openForm('account', id);
    form.set('revenue', 333);
    form.close();
    await colleague({ revenue: 222 });
    const later = device.openForm('account', id);
    expect(field(later, 'revenue').value).toBe(222);
    later.restore();
    expect(field(later, 'revenue')).toMatchObject({
      value: 333,
      theirs: { shown: 50_000, now: 222 },
    });
    expect(later.save().kind).toBe('saved');
    await settle();
    expect(device.sync.errors.list()).toMatchObject([{ type: 'Conflict' }]);
    expect(await stored('revenue')).toBe(222);
    later.close();
  });
});

test('N01b: what was typed is given up for what the row has, at once; typing what it showed does the same', async () => {
  const form = device.openForm('account', id);
  form.set('revenue', 333);
  await colleague({ revenue: 222 });
  form.takeTheirs('revenue');
  expect(field(form, 'revenue')).toMatchObject({ value: 222, theirs: null });
  expect(form.current.dirty).toBe(false);
  form.set('revenue', 333);
  await colleague({ revenue: 111 });
  form.set('revenue', 222);
  expect(field(form, 'revenue')).toMatchObject({ value: 111, theirs: null });
  expect(form.current.dirty).toBe(false);
  expect(device.drafts()).toEqual([]);
  form.close();
});

test('N01c: rules look at what a form follows', async () => {
  const lead = device.create('lead', { subject: 'Roof', lastname: 'Berg' });
  const leadId = lead.kind === 'saved' ? lead.id : '';
  await settle();
  const form = device.openForm('lead', leadId);
  const before = field(form, 'budgetamount').required;
  await world.organization
    .as(sampleUsers.carla.id)
    .update({ table: 'lead', id: leadId, values: { leadqualitycode: 1, budgetamount: 1 } });
  await sync(device);
  expect([before, field(form, 'budgetamount').required]).toEqual([false, true]);
  form.close();
});

test('N04a: what was typed and not saved is offered when the row is opened again, also after a restart; also what does not fit', async () => {
  const storage = memoryStorage();
  const first = await world.synced('ana', { storage });
  const form = first.openForm('account', id);
  form.set('telephone1', '12');
  form.set('revenue', 'many');
  form.type('name', 'Conto');
  expect(first.drafts()).toEqual([]);
  await first.close();

  const second = await world.device('ana', { storage });
  expect(second.drafts()).toMatchObject([{ table: 'account', rowId: id, title: 'Contoso' }]);
  const again = second.openForm('account', id);
  expect(again.current).toMatchObject({ dirty: false, draft: { title: 'Contoso' } });
  expect(field(again, 'telephone1').value).toBeNull();
  again.restore();
  expect(field(again, 'telephone1').value).toBe('12');
  expect(field(again, 'revenue')).toMatchObject({ text: 'many', error: expect.any(String) });
  expect(again.current).toMatchObject({
    dirty: true,
    draft: null,
    typing: { column: 'name', text: 'Conto' },
  });
  again.type('name', null);
  again.set('revenue', '7');
  expect(again.save().kind).toBe('saved');
  again.close();
  expect(second.drafts()).toEqual([]);
  expect(second.get('account', id)).toMatchObject({ telephone1: '12', revenue: 7 });
});

test('N04b: a new row is a draft too; discarding gives it up; a second form of the row is not offered what the first holds', () => {
  const form = device.openForm('account', null);
  form.set('name', 'Fabrikam');
  const other = device.openForm('account', null);
  expect(other.current.draft).toBeNull();
  other.set('name', 'Litware');
  other.close();
  form.close();
  expect(device.drafts().map((one) => one.title)).toEqual(
    expect.arrayContaining(['Fabrikam', 'Litware']),
  );
  const litware = device.drafts().find((one) => one.title === 'Litware');
  const resumed = device.openForm('account', null, { draft: litware?.id ?? '' });
  expect(field(resumed, 'name').value).toBe('Litware');
  expect(resumed.current.draft).toBeNull();
  resumed.discard();
  expect(field(resumed, 'name').value).toBeNull();
  resumed.close();
  expect(device.drafts()).toMatchObject([{ title: 'Fabrikam' }]);
  const last = device.openForm('account', null);
  last.forget();
  last.close();
  expect(device.drafts()).toEqual([]);
  expect(() => device.openForm('account', null, { draft: litware?.id ?? '' })).toThrow(DeviceError);
});

test('N04c: a form that is only looked at leaves no draft, nor does one that shows the row again', () => {
  const form = device.openForm('account', id);
  form.set('telephone1', '12');
  form.set('telephone1', '');
  form.close();
  expect(device.drafts()).toEqual([]);
});

test('N04d: a draft is typed on where it was left, over what is typed by now', () => {
  const first = device.openForm('account', id);
  first.set('telephone1', '1');
  first.set('revenue', 1);
  first.close();
  const second = device.openForm('account', id);
  second.set('revenue', 2);
  second.restore();
  expect([field(second, 'telephone1').value, field(second, 'revenue').value]).toEqual(['1', 2]);
  second.close();
  expect(device.drafts()).toMatchObject([{ typed: { values: { telephone1: '1', revenue: 2 } } }]);
});

describe('N04g: a row that is deleted and comes back', () => {
  const deletion = () => {
    const found = device.sync.outbox.pending().find((entry) => entry.op === 'delete');
    if (found === undefined) throw new Error('no deletion');
    return found.key;
  };

  test('finds what was typed into its open form, also fields that were emptied', () => {
    const form = device.openForm('account', id);
    form.set('revenue', null);
    form.set('telephone1', '1');
    expect(device.delete('account', id).kind).toBe('saved');
    expect(form.current.title).toBe('Account');
    expect(form.save()).toMatchObject({ kind: 'refused', reasons: [{ kind: 'rowMissing' }] });
    expect(device.sync.undo(deletion())).toMatchObject({ kind: 'undone' });
    expect(field(form, 'revenue')).toMatchObject({ value: null, theirs: null });
    expect(field(form, 'telephone1')).toMatchObject({ value: '1', theirs: null });
    expect(form.save().kind).toBe('saved');
    expect(device.sync.outbox.pending()).toMatchObject([
      { op: 'update', set: { revenue: null, telephone1: '1' } },
    ]);
    form.close();
  });

  test('finds a draft that was restored while it was gone', () => {
    const form = device.openForm('account', id);
    form.set('revenue', null);
    form.close();
    device.delete('account', id);
    const meanwhile = device.openForm('account', id);
    meanwhile.restore();
    meanwhile.close();
    device.sync.undo(deletion());
    const later = device.openForm('account', id);
    later.restore();
    expect(field(later, 'revenue')).toMatchObject({ value: null, theirs: null });
    expect(later.current.dirty).toBe(true);
    later.close();
  });
});
