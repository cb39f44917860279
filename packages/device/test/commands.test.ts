import {
  type AppModel,
  type Command,
  commandMatrix,
  customTableCommands,
  defineTable,
  type Form,
  formCommands,
  type LookupValue,
} from '@outpost/model';
import { namedRows, sampleApp, sampleUsers } from '@outpost/sample';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Device, SaveResult } from '../src/index.ts';
import { openWorld, sync, type World } from './world.ts';

let world: World;
let device: Device;
/** Carla may do everything to everything: what is refused here is refused by the matrix. */
beforeEach(async () => {
  world = await openWorld();
  device = await world.synced('carla');
  world.online.next(false);
});
afterEach(() => world.close());

const idOf = (result: SaveResult): string => {
  if (result.kind !== 'saved') throw new Error(JSON.stringify(result));
  return result.id;
};
const primaryIdOf = (table: string) => device.store.schema.get(table)?.table.primaryId ?? '';
const anyRow = (table: string): string => {
  const [row] = device.store.all(`SELECT "${primaryIdOf(table)}" FROM "${table}" LIMIT 1`);
  if (row === undefined) throw new Error(`The device has no row of ${table}.`);
  return String(row[0]);
};
const customer = (): LookupValue => ({ table: 'account', id: namedRows.alpine });
/** What a new row needs, by table. */
const required: Readonly<Record<string, () => Record<string, unknown>>> = {
  account: () => ({ name: 'New' }),
  contact: () => ({ lastname: 'New' }),
  lead: () => ({ subject: 'New', lastname: 'New', leadqualitycode: 'Cold', budgetamount: 1 }),
  opportunity: () => ({ name: 'New' }),
  opportunityproduct: () => ({
    opportunityproductname: 'New',
    opportunityid: { table: 'opportunity', id: anyRow('opportunity') },
  }),
  incident: () => ({ title: 'New', customerid: customer() }),
  competitor: () => ({ name: 'New' }),
  competitoraddress: () => ({ parentid: { table: 'competitor', id: anyRow('competitor') } }),
  position: () => ({ name: 'New' }),
  new_visit: () => ({ new_name: 'New' }),
};
const activity = () => ({ subject: 'New' });
/** In the order of the matrix; "Custom Entity" stands after Contact. */
const listed = Object.entries(commandMatrix);
const rows = [
  ...listed.slice(0, 10),
  ['new_visit', customTableCommands] as const,
  ...listed.slice(10),
].map(([table, commands], i) => [`B${String(i + 1).padStart(2, '0')}`, table, commands] as const);
const refusedOffline = expect.arrayContaining([
  expect.objectContaining({ kind: 'notAvailableOffline', code: '0x8005f214' }),
]);

/** An attachment that somebody else makes, and the device receives. */
async function attachToAnEmail(): Promise<void> {
  const objectid = { table: 'email', id: anyRow('email') };
  const carla = world.organization.as(sampleUsers.carla.id);
  const id = '00000000-0000-4000-8000-0000000000ab';
  const values = { filename: 'a.txt', objectid };
  await carla.create({ table: 'activitymimeattachment', id, values });
  world.online.next(true);
  await sync(device);
  world.online.next(false);
}

describe('B01 to B21: the command matrix', () => {
  test('has its 21 tables', () => {
    expect(rows).toHaveLength(21);
  });

  test.each(rows)('%s %s', async (_, table, commands) => {
    // The sample has none of these, and a device cannot make one.
    if (table === 'activitymimeattachment') await attachToAnEmail();
    expect(device.commands(table)).toEqual(commands);
    const has = (command: Command) => commands.includes(command);
    const queued = () => device.sync.currentStatus.pending.updates;
    const before = queued();
    const outcome = (command: Command) =>
      has(command) ? { kind: 'saved' } : { kind: 'refused', reasons: refusedOffline };
    const made = device.create(table, (required[table] ?? activity)());
    expect(made).toMatchObject(outcome('create'));
    expect(queued()).toBe(before + (has('create') ? 1 : 0));

    const id = made.kind === 'saved' ? made.id : anyRow(table);
    // Reading queues nothing and is never refused.
    expect(device.get(table, id)).toMatchObject({ [primaryIdOf(table)]: id });
    expect(queued()).toBe(before + (has('create') ? 1 : 0));
    const name = device.model.tables.find((one) => one.name === table)?.primaryName ?? null;
    const column = device.model.tables
      .find((one) => one.name === table)
      ?.columns.find(
        (one) =>
          one.type === 'string' &&
          one.readOnly !== true &&
          (name === one.name ||
            name === null ||
            table === 'contact' ||
            table === 'lead' ||
            table === 'opportunityproduct'),
      );
    const updated = device.update(table, id, { [column?.name ?? 'x']: 'changed' });
    expect(updated).toMatchObject(outcome('update'));
    expect(device.delete(table, id)).toMatchObject(outcome('delete'));
  });
});

describe('commands', () => {
  test('B01a: an appointment becomes a case, in one commit, and only an appointment', async () => {
    const appointment = idOf(
      device.create('appointment', { subject: 'Boiler', regardingobjectid: customer() }),
    );
    const commits: number[] = [];
    device.store.commits.subscribe((set) => commits.push(set.tables.size));
    const before = device.store.count('incident');
    expect(device.convertToCase('appointment', appointment).kind).toBe('saved');
    // The case, the appointment, and the appointment among all activities.
    expect(commits).toEqual([3]);
    expect(device.store.count('incident')).toBe(before + 1);
    const closed = device.get('appointment', appointment);
    expect(closed).toMatchObject({
      statecode: 1,
      statuscode: 3,
      regardingobjectid: { table: 'incident' },
    });
    const incident = closed?.['regardingobjectid'] as LookupValue;
    expect(device.get('incident', incident.id)).toMatchObject({
      title: 'Boiler',
      customerid: { table: 'account', id: namedRows.alpine },
    });
    const outbox = device.sync.outbox.pending().slice(-2);
    expect(outbox.map((entry) => [entry.op, entry.table])).toEqual([
      ['create', 'incident'],
      ['update', 'appointment'],
    ]);
    expect(device.convertToCase('appointment', appointment)).toMatchObject({
      reasons: [{ code: '0x80040230' }],
    });
    const task = idOf(device.create('task', { subject: 'x', regardingobjectid: customer() }));
    expect(device.convertToCase('task', task)).toMatchObject({
      kind: 'refused',
      reasons: refusedOffline,
    });
    world.online.next(true);
    await sync(device);
    expect(device.sync.errors.list()).toEqual([]);
    expect(await device.sync.compare()).toEqual([]);
  });

  test('an appointment that regards nobody needs a customer for its case', () => {
    const alone = idOf(device.create('appointment', { subject: 'x' }));
    expect(device.convertToCase('appointment', alone)).toMatchObject({
      reasons: [{ code: '0x80040200', column: 'customerid' }],
    });
    expect(device.convertToCase('appointment', alone, customer()).kind).toBe('saved');
  });

  test('B10a: qualifying makes account, contact and opportunity, linked both ways; a closed lead stays closed', async () => {
    const input = {
      subject: 'Roof',
      firstname: 'Nina',
      lastname: 'Berg',
      companyname: 'Berg & Sons',
      leadqualitycode: 'Hot',
      budgetamount: 18000,
    };
    const lead = idOf(device.create('lead', input));
    expect(device.qualify(lead).kind).toBe('saved');
    const qualified = device.get('lead', lead);
    expect(qualified).toMatchObject({
      statecode: 1,
      statuscode: 3,
      parentaccountid: { name: 'Berg & Sons' },
      parentcontactid: { name: 'Nina Berg' },
      qualifyingopportunityid: { name: 'Roof' },
    });
    const opportunity = qualified?.['qualifyingopportunityid'] as LookupValue;
    expect(device.get('opportunity', opportunity.id)).toMatchObject({
      customerid: { table: 'account', name: 'Berg & Sons' },
      originatingleadid: { id: lead },
    });
    expect(device.qualify(lead)).toMatchObject({ reasons: [{ code: '0x80040519' }] });
    expect(device.disqualify(lead, 4)).toMatchObject({ reasons: [{ code: '0x80040519' }] });
    const other = idOf(device.create('lead', { ...input, subject: 'Other' }));
    expect(device.disqualify(other, 3)).toMatchObject({ reasons: [{ code: '0x80048408' }] });
    for (const reason of [4, 5, 6, 7]) {
      const one = idOf(device.create('lead', { ...input, subject: `Lost ${reason}` }));
      expect(device.disqualify(one, reason).kind).toBe('saved');
      expect(device.get('lead', one)).toMatchObject({ statecode: 2, statuscode: reason });
    }
    world.online.next(true);
    await sync(device);
    expect(device.sync.errors.list()).toEqual([]);
    expect(await device.sync.compare()).toEqual([]);
  });

  test('C20: the form of a custom table offers Mark Complete, Refresh, Convert To Opportunity and Delete', () => {
    const visit = device.model.tables.find((one) => one.name === 'new_visit');
    if (visit === undefined) throw new Error('no visit');
    expect(formCommands(visit)).toEqual([
      'markComplete',
      'refresh',
      'convertToOpportunity',
      'delete',
    ]);
    const id = idOf(device.create('new_visit', { new_name: 'Visit', new_accountid: customer() }));
    const made = idOf(device.convertToOpportunity('new_visit', id));
    expect(device.get('opportunity', made)).toMatchObject({
      name: 'Visit',
      customerid: { id: namedRows.alpine },
    });
    expect(device.markComplete('new_visit', id).kind).toBe('saved');
    expect(device.get('new_visit', id)).toMatchObject({ statecode: 1, statuscode: 2 });
    expect(device.markComplete('new_visit', id)).toMatchObject({
      reasons: [{ code: '0x80040230' }],
    });
    expect(device.markComplete('account', namedRows.alpine)).toMatchObject({
      kind: 'refused',
      reasons: refusedOffline,
    });
  });

  test('a status of another state is refused; a state alone brings its status, a status its state', () => {
    const id = idOf(device.create('task', { subject: 'x' }));
    expect(device.update('task', id, { statecode: 1, statuscode: 2 })).toMatchObject({
      reasons: [{ code: '0x80048408' }],
    });
    device.update('task', id, { statuscode: 6 });
    expect(device.get('task', id)).toMatchObject({ statecode: 2, statuscode: 6 });
    device.update('task', id, { statecode: 0 });
    expect(device.get('task', id)).toMatchObject({ statecode: 0, statuscode: 2 });
  });
});

describe('C16, C17, C18: notes', () => {
  const picture = { fileName: 'roof.jpg', mimeType: 'image/jpeg', body: 'AAECAw==' };

  test('are listed newest first; a picture is kept as a document; removing it keeps the note', async () => {
    const first = idOf(
      device.addNote('account', namedRows.alpine, { subject: 'One', text: 'first' }),
    );
    const second = idOf(
      device.addNote('account', namedRows.alpine, { text: 'second', attachment: picture }),
    );
    const notes = device.notes('account', namedRows.alpine);
    expect(notes.slice(0, 2).map((note) => note.id)).toEqual([second, first]);
    expect(notes[0]?.attachment).toEqual({
      fileName: 'roof.jpg',
      mimeType: 'image/jpeg',
      bytes: 4,
      isHere: true,
    });
    expect(device.document('annotation', second, 'documentbody')).toEqual(
      new Uint8Array([0, 1, 2, 3]),
    );
    expect(device.get('annotation', second)).toMatchObject({
      isdocument: true,
      filesize: 4,
      filename: 'roof.jpg',
    });
    expect(device.removeAttachment(second).kind).toBe('saved');
    expect(device.notes('account', namedRows.alpine)[0]).toMatchObject({
      id: second,
      text: 'second',
      attachment: null,
    });
    expect(device.removeAttachment(second)).toMatchObject({ kind: 'refused' });
    device.attachFile(first, picture);
    expect(device.delete('annotation', second).kind).toBe('saved');
    expect(device.notes('account', namedRows.alpine)[0]?.id).toBe(first);
    world.online.next(true);
    await sync(device);
    expect(device.sync.errors.list()).toEqual([]);
    const server = world.organization.as(sampleUsers.carla.id);
    expect(await server.retrieve('annotation', first)).toMatchObject({
      documentbody: 'AAECAw==',
      filename: 'roof.jpg',
    });
  });

  test.each([
    ['a body that is not Base64', { ...picture, body: '***' }, 'documentbody'],
    ['a file name with a path', { ...picture, fileName: '../roof.jpg' }, 'filename'],
    ['a file of more than 4 MB', { ...picture, body: 'AAAA'.repeat(1_500_000) }, 'documentbody'],
  ])('%s is refused', (_, attachment, column) => {
    expect(device.addNote('account', namedRows.alpine, { attachment })).toMatchObject({
      kind: 'refused',
      reasons: [{ column }],
    });
  });

  test('a table without notes says so', () => {
    expect(device.addNote('product', anyRow('product'), { text: 'x' })).toMatchObject({
      reasons: [{ column: 'objectid' }],
    });
  });
});

/** A form with one more field at the end of its first section. */
function withField(form: Form, column: string): Form {
  const [tab, ...tabs] = form.tabs;
  const [section, ...sections] = tab?.sections ?? [];
  if (tab === undefined || section === undefined)
    throw new Error(`Form ${form.id} has no section.`);
  const controls = [...section.controls, { column, label: column }];
  return {
    ...form,
    tabs: [{ ...tab, sections: [{ ...section, controls }, ...sections] }, ...tabs],
  };
}

describe('lookups offline', () => {
  test('C09: rows of the tables a lookup may point at, by the beginning of their names', () => {
    const id = idOf(device.create('account', { name: 'Łódź Zeppelins' }));
    const found = device.lookupRows('opportunity', 'customerid', 'lodz z');
    expect(found).toMatchObject({
      rows: [{ table: 'account', id, name: 'Łódź Zeppelins' }],
      truncated: false,
    });
    expect(device.lookupRows('opportunity', 'customerid', '', 2)).toMatchObject({
      truncated: true,
    });
    expect(device.lookupRows('opportunity', 'customerid', '[x*')).toMatchObject({ rows: [] });
    expect(device.lookupRows('opportunity', 'name', 'x')).toMatchObject({
      kind: 'refused',
      code: '0x80041103',
    });
  });

  test('C10: a lookup to a table outside the profile is refused and read-only on the form', async () => {
    const { profile } = sampleApp;
    const forms = sampleApp.forms.map((form) =>
      form.table === 'systemuser' ? withField(form, 'positionid') : form,
    );
    const app = { ...sampleApp, forms };
    const items = profile.items.filter((one) => one.table !== 'position');
    const field = async (model: AppModel) => {
      const own = await openWorld(50, model);
      const one = await own.device('carla');
      await sync(one);
      const form = one.openForm('systemuser', sampleUsers.carla.id);
      const fields = form.current.sections.flatMap((section) => section.fields);
      const rows_ = one.lookupRows('systemuser', 'positionid', 'x');
      form.close();
      await own.close();
      return { rows: rows_, field: fields.find(({ column }) => column === 'positionid') };
    };
    expect(await field({ ...app, profile: { ...profile, items } })).toMatchObject({
      rows: { kind: 'refused', code: '0x80071125' },
      field: { locked: true },
    });
    // The same field, once positions come to the device.
    expect(await field(app)).toMatchObject({ rows: { rows: [] }, field: { locked: false } });
  });

  test('C34, C35: pairs are readable, and associating is refused even when called', async () => {
    const pair = defineTable({
      name: 'accountcontacts',
      label: 'Account Contacts',
      primaryName: null,
      ownership: 'none',
      isIntersect: true,
      columns: {
        accountid: { type: 'lookup', targets: ['account'] },
        contactid: { type: 'lookup', targets: ['contact'] },
      },
    });
    const everyone = { read: 4, create: 4, write: 4, delete: 4, append: 4, appendTo: 4 } as const;
    const app: AppModel = {
      ...sampleApp,
      tables: [...sampleApp.tables, pair],
      roles: sampleApp.roles.map((role) => ({
        ...role,
        privileges: { ...role.privileges, [pair.name]: everyone },
      })),
      relationships: [
        ...sampleApp.relationships,
        {
          kind: 'manyToMany',
          name: 'account_contacts',
          intersect: pair.name,
          table1: 'account',
          column1: 'accountid',
          table2: 'contact',
          column2: 'contactid',
        },
      ],
    };
    const paired = await openWorld(200, app);
    const other = await paired.device('carla');
    await sync(other);
    const [account] = other.store.all('SELECT accountid FROM account LIMIT 1');
    const [contact] = other.store.all('SELECT contactid FROM contact LIMIT 1');
    const values = {
      accountid: { table: 'account', id: String(account?.[0]) },
      contactid: { table: 'contact', id: String(contact?.[0]) },
    };
    const id = '00000000-0000-4000-8000-0000000000aa';
    await paired.organization.as(sampleUsers.carla.id).create({ table: pair.name, id, values });
    await sync(other);
    expect(other.get(pair.name, id)).toMatchObject({ accountid: { id: values.accountid.id } });
    expect(other.commands(pair.name)).toEqual(['read']);
    for (const attempt of [
      other.create(pair.name, values),
      other.update(pair.name, id, values),
      other.delete(pair.name, id),
    ]) {
      expect(attempt).toMatchObject({ kind: 'refused', reasons: refusedOffline });
    }
    await paired.close();
  });
});
