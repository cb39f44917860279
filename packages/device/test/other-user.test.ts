import { sampleUsers } from '@outpost/sample';
import { DeviceStore, quoted } from '@outpost/store';
import { Documents, type Outbox, Sync, SyncErrors, type TokenSource } from '@outpost/sync';
import { httpTransport } from '@outpost/sync/http';
import { isObservable } from 'rxjs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Device } from '../src/index.ts';
import { openWorld, sync, tokenOf, type World } from './world.ts';

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

/** What is asked about: an account with an edit and a note with a file, and an edit that was refused. */
interface Asked {
  readonly device: Device;
  readonly id: string;
  readonly lead: string;
  readonly note: string;
  readonly reference: string;
  readonly error: string;
}
type Ask = (asked: Asked) => unknown;

/** Members of what a device hands out. */
interface Members {
  readonly prototype: object;
  /** They tell of rows. */
  readonly reads: Readonly<Record<string, Ask>>;
  /** They change rows, or would. */
  readonly writes: Readonly<Record<string, Ask>>;
  /** They tell nothing of rows: definitions, numbers, the device itself. */
  readonly others: readonly string[];
}

const account = 'account';
const ofDevice: Members = {
  prototype: Device.prototype,
  reads: {
    queries: ({ device }) => {
      const view = device.queries.viewOf(account, 'public');
      return view === undefined ? null : device.queries.run({ view: view.id });
    },
    search: ({ device }) => device.search.query({ table: account, term: 'written', mode: 'smart' }),
    searchIndex: ({ device }) => device.searchIndex.currentStatus,
    live: ({ device }) =>
      device.live((queries) => ({ view: queries.viewOf(account, 'public')?.id ?? '' })),
    get: ({ device, id }) => device.get(account, id),
    observe: ({ device, id }) => device.observe(account, id),
    notes: ({ device, id }) => device.notes(account, id),
    document: ({ device, note }) => text(device.document('annotation', note, 'documentbody')),
    fetchDocument: async ({ device, note }) => {
      const found = await device.fetchDocument('annotation', note, 'documentbody');
      return found.kind === 'ok' ? text(found.content) : found;
    },
    openForm: ({ device, id }) => device.openForm(account, id).current,
    deletion: ({ device, lead }) => device.deletion('lead', lead),
    drafts: ({ device }) => device.drafts(),
    lookupRows: ({ device }) => device.lookupRows('contact', 'parentcustomerid', ''),
    flow: ({ device, lead }) => device.flow('lead', lead),
  },
  writes: {
    create: ({ device }) => device.create(account, { name: 'Of Ben' }),
    update: ({ device, id }) => device.update(account, id, { telephone1: '1' }),
    delete: ({ device, lead }) => device.delete('lead', lead),
    qualify: ({ device, lead }) => device.qualify(lead),
    disqualify: ({ device, lead }) => device.disqualify(lead, 'Lost'),
    convertToCase: ({ device, lead }) => device.convertToCase('appointment', lead),
    markComplete: ({ device, lead }) => device.markComplete('task', lead),
    activate: ({ device, lead }) => device.activate('lead', lead),
    convertToOpportunity: ({ device, lead }) => device.convertToOpportunity('phonecall', lead),
    addNote: ({ device, id }) => device.addNote(account, id, { subject: 'By Ben' }),
    attachFile: ({ device, note }) =>
      device.attachFile(note, { fileName: 'b.txt', mimeType: 'text/plain', body: '' }),
    removeAttachment: ({ device, note }) => device.removeAttachment(note),
    moveFlow: ({ device, lead }) => device.moveFlow('lead', lead, { kind: 'nextStage' }),
    signOut: ({ device }) => device.signOut({ pending: 'discard' }),
  },
  others: [
    'app',
    'ready',
    'model',
    'views',
    'commands',
    'capabilities',
    'flows',
    'schedule',
    'close',
  ],
};
const ofSync: Members = {
  prototype: Sync.prototype,
  reads: {
    status: ({ device }) => device.sync.status,
    currentStatus: ({ device }) => device.sync.currentStatus,
    progress: ({ device }) => device.sync.progress,
    currentProgress: ({ device }) => device.sync.currentProgress,
    hello: ({ device }) => device.sync.hello,
    compare: ({ device }) => device.sync.compare(),
    notices: ({ device }) => device.sync.notices(),
    drafts: ({ device }) => device.sync.drafts(),
    undoFamily: ({ device }) =>
      device.sync.outbox.pending().flatMap(({ key }) => device.sync.undoFamily(key)),
    explain: ({ device, id }) => device.sync.explain(account, id),
  },
  writes: {
    verify: ({ device }) => device.sync.verify(),
    run: ({ device }) => device.sync.run('FORCED_SYNC'),
    undo: ({ device }) => device.sync.undo(['e', 1]),
    signOut: ({ device }) => device.sync.signOut('discard'),
  },
  others: ['app', 'telemetry', 'lock', 'currentLock', 'cancel', 'close'],
};
const ofErrors: Members = {
  prototype: SyncErrors.prototype,
  reads: {
    list: ({ device }) => device.sync.errors.list(),
    count: ({ device }) => device.sync.errors.count(),
    changes: ({ device }) => device.sync.errors.changes,
    sides: ({ device, error }) => device.sync.errors.sides(error),
  },
  writes: {
    editAndRetry: ({ device, error }) => device.sync.errors.editAndRetry(error, {}),
    resolve: ({ device, error }) => device.sync.errors.resolve(error, 'discard'),
  },
  others: [],
};
const ofDocuments: Members = {
  prototype: Documents.prototype,
  reads: {
    read: ({ device, reference }) => text(device.sync.documents.read(reference)),
    fetch: async ({ device, reference, note }) => {
      const named = { reference, bytes: 24, table: 'annotation', id: note, column: 'documentbody' };
      const found = await device.sync.documents.fetch(named);
      return found.kind === 'ok' ? text(found.content) : found;
    },
    isHere: ({ device, reference }) => device.sync.documents.isHere(reference),
    usedBytes: ({ device }) => device.sync.documents.usedBytes(),
  },
  writes: {},
  others: ['progress', 'currentProgress', 'put', 'referenceOf', 'start', 'pause', 'idle', 'close'],
};
const ofStore: Members = {
  prototype: DeviceStore.prototype,
  reads: {
    get: ({ device, id }) => device.store.get(account, id),
    all: ({ device }) => device.store.all('SELECT * FROM account, "$outbox"'),
    count: ({ device }) => device.store.count(account),
    driver: ({ device }) => device.store.driver.prepare('SELECT name FROM account').all(),
    snapshot: ({ device }) => text(device.store.snapshot()),
    verifyFolded: ({ device }) => device.store.verifyFolded(),
    integrity: ({ device }) => device.store.integrity(),
    schema: ({ device }) => [...device.store.schema.keys()],
  },
  writes: {
    write: ({ device, id }) =>
      device.store.write({ origin: 'local' }, (tx) => tx.update(account, id, { name: 'Of Ben' })),
    applySchema: ({ device }) => device.store.applySchema(world.organization.model, []),
    startLoad: ({ device }) => device.store.startLoad(account, 1),
    finishLoad: ({ device }) => device.store.finishLoad(account),
    requestIndexes: ({ device }) => device.store.requestIndexes('ben', []),
    snapshotTo: ({ device }) => device.store.snapshotTo(undefined as never, 'copy'),
    restore: ({ device }) => device.store.restore(new Uint8Array()),
  },
  others: [
    'commits',
    'schemaVersion',
    'commit',
    'rowsEpoch',
    'participate',
    'maintain',
    'isLoading',
    'sizeBytes',
    'stats',
    'checkpoint',
    'flush',
    'close',
  ],
};
const ofOutbox = (outbox: Outbox): Members => ({
  prototype: Object.getPrototypeOf(outbox) as object,
  reads: {
    pending: ({ device }) => device.sync.outbox.pending(),
    unsettled: ({ device }) => device.sync.outbox.unsettled(),
    awaiting: ({ device }) => device.sync.outbox.awaiting(),
    nextBatch: ({ device }) => device.sync.outbox.nextBatch(),
    editedTables: ({ device }) => device.sync.outbox.editedTables(),
    lowMarks: ({ device }) => device.sync.outbox.lowMarks(),
    newMarks: ({ device }) => device.sync.outbox.newMarks(),
    unsettledTables: ({ device }) => device.sync.outbox.unsettledTables(),
    waiting: ({ device }) => device.sync.outbox.waiting(),
    sendable: ({ device }) => device.sync.outbox.sendable,
    isDeleted: ({ device, id }) => device.sync.outbox.isDeleted(account, id),
    unsettledEffects: ({ device }) => device.sync.outbox.unsettledEffects(),
    nextHeldAt: ({ device }) => device.sync.outbox.nextHeldAt(),
  },
  writes: {},
  // They work in transactions, which only the store gives.
  others: [
    'beforeCommit',
    'baseOn',
    'mayBeUndone',
    'noteHeld',
    'enqueue',
    'forgetFinished',
    'describe',
  ],
});

function text(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : new TextDecoder().decode(bytes);
}

/** Everything that an answer says, or why there is none. */
async function said(ask: Ask, asked: Asked): Promise<string> {
  try {
    const answer = await ask(asked);
    if (!isObservable(answer)) return JSON.stringify(answer) ?? '';
    const values: unknown[] = [];
    answer.subscribe((one) => values.push(one)).unsubscribe();
    return JSON.stringify(values);
  } catch (error) {
    return `throws ${String((error as { readonly code?: unknown }).code)} ${String(error)}`;
  }
}

test('N02f: nothing that a device can be asked says anything of Ana when Ben is signed in, and nothing can be changed', async () => {
  let user = 'ana';
  const tokens: TokenSource = { token: async () => tokenOf(user) };
  const device = await world.device('ana', {
    transport: httpTransport({ url: world.server.url, tokens }),
  });
  await sync(device);
  const ids = (table: string) =>
    device.store
      .all(`SELECT ${table}id FROM ${quoted(table)} ORDER BY 1`)
      .map(([id]) => String(id));
  const [id = '', refused = ''] = ids(account);
  const [lead = ''] = ids('lead');
  device.update(account, refused, { name: 'Refused to Ana' });
  await world.organization.as(sampleUsers.carla.id).delete(account, refused);
  await sync(device);
  device.update(account, id, { name: 'Written by Ana' });
  const body = Buffer.from('the lift is out of order').toString('base64');
  const attachment = { fileName: 'lift.txt', mimeType: 'text/plain', body };
  const noted = device.addNote(account, id, { subject: 'Lift', attachment });
  const note = noted.kind === 'saved' ? noted.id : '';
  device.openForm('contact', null).set('firstname', 'Typed by Ana');
  const [error = ''] = device.sync.errors.list().map((one) => one.id);
  const reference = String(device.get('annotation', note)?.['documentbody']);
  const asked: Asked = { device, id, lead, note, reference, error };
  const drafted = device.openForm('contact', null);
  drafted.set('lastname', 'Left by Ana');
  drafted.close();

  /** Texts and ids of everything that is on the device. */
  const secrets = new Set<string>([
    'lift is out of order',
    'Typed by Ana',
    'Left by Ana',
    'Refused to Ana',
  ]);
  for (const [table, { slots }] of device.store.schema) {
    for (const row of device.store.all(
      `SELECT ${slots.map(({ name }) => quoted(name)).join()} FROM ${quoted(table)}`,
    )) {
      for (const cell of row) if (typeof cell === 'string' && cell.length > 8) secrets.add(cell);
    }
  }
  // Who asks knows these already, and definitions are everybody's.
  for (const given of [id, lead, note, reference, error]) secrets.delete(given);
  const definitions = JSON.stringify(device.model);
  for (const one of secrets) if (definitions.includes(one)) secrets.delete(one);
  // The lock says whose the database is.
  for (const { id: known, first, last } of Object.values(sampleUsers)) {
    secrets.delete(known);
    secrets.delete(`${first} ${last}`);
  }
  const tells = (answer: string) => [...secrets].find((secret) => answer.includes(secret)) ?? null;
  const all = [ofDevice, ofSync, ofErrors, ofDocuments, ofStore, ofOutbox(device.sync.outbox)];
  for (const { prototype, reads, writes, others } of all) {
    const known = [...Object.keys(reads), ...Object.keys(writes), ...others, 'constructor'];
    expect(known.sort()).toEqual(Object.getOwnPropertyNames(prototype).sort());
  }

  // While Ana is signed in, most of it tells of her rows: the test can fail.
  const telling: string[] = [];
  for (const [name, ask] of all.flatMap(({ reads }) => Object.entries(reads))) {
    if (tells(await said(ask, asked)) !== null) telling.push(name);
  }
  expect(telling).toEqual(
    expect.arrayContaining([
      'queries',
      'search',
      'live',
      'get',
      'observe',
      'notes',
      'document',
      'fetchDocument',
      'openForm',
      'drafts',
      'lookupRows',
      'notices',
      'undoFamily',
      'list',
      'changes',
      'sides',
      'read',
      'fetch',
      'all',
      'driver',
      'snapshot',
      'pending',
      'unsettled',
      'nextBatch',
    ]),
  );
  // What was handed out before.
  const { queries, search } = device;
  const form = device.openForm(account, id);
  const view = queries.viewOf(account, 'public')?.id ?? '';
  const shown: { live: unknown; lists: unknown; view: unknown } = { live: 0, lists: 0, view: 0 };
  device.live({ view }).subscribe(({ rows, total }) => {
    shown.live = { rows, total };
  });
  queries.live({ view }).snapshot.subscribe(({ rows, total }) => {
    shown.view = { rows, total };
  });
  device.sync.errors.changes.subscribe((list) => {
    shown.lists = list;
  });
  expect(tells(JSON.stringify(shown.live))).not.toBeNull();

  const before = device.store.snapshot();
  const queued = device.sync.outbox.unsettled();
  user = 'ben';
  expect(await device.sync.run('DELTA_SYNC')).toMatchObject({
    kind: 'failed',
    failure: { code: 'device.otherUser' },
  });
  const told: string[] = [];
  for (const { reads, writes } of all) {
    for (const [name, ask] of Object.entries({ ...reads, ...writes })) {
      const secret = tells(await said(ask, asked));
      if (secret !== null) told.push(`${name}: ${secret}`);
    }
  }
  expect(told).toEqual([]);
  const handedOut: Readonly<Record<string, Ask>> = {
    queries: () => queries.run({ view }),
    'queries.explain': () => queries.explain({ view }),
    search: () => search.query({ table: account, term: 'written', mode: 'smart' }),
    form: () => form.current,
    streams: () => shown,
  };
  for (const [name, ask] of Object.entries(handedOut)) {
    const secret = tells(await said(ask, asked));
    if (secret !== null) told.push(`${name}: ${secret}`);
  }
  expect(told).toEqual([]);
  expect(shown.live).toEqual({ rows: [], total: 0 });

  user = 'ana';
  await sync(device);
  expect(device.get(account, id)).toMatchObject({ name: 'Written by Ana' });
  expect(tells(JSON.stringify(shown.live))).not.toBeNull();
  expect(queued.length).toBeGreaterThan(1);
  expect(device.sync.outbox.pending()).toEqual([]);
  expect(device.get('lead', lead)).not.toBeNull();
  expect(before.length).toBeGreaterThan(0);
  expect(device.drafts().map((one) => one.title)).toHaveLength(2);
});
