/** Other live query engines, driven alike: rows in memory, 20 filtered and sorted windows, commits of changes. */

export interface PeerContact {
  readonly id: string;
  readonly fullname: string;
  readonly city: string;
  readonly telephone1: string;
  readonly statecode: number;
}

export interface PeerView {
  readonly cities: readonly string[];
  readonly limit: number;
}

/** One engine with its rows and views. */
export interface Peer {
  readonly name: string;
  /** Changes rows and resolves when all views show them. */
  commit(changes: readonly PeerContact[]): Promise<void>;
  /** Ids that a view shows. */
  shown(view: number): readonly string[];
  close(): Promise<void>;
}

type Open = (rows: readonly PeerContact[], views: readonly PeerView[]) => Promise<Peer>;
type Load = (name: string) => Promise<unknown>;

/** The peers that are installed (`npm install` in bench/peers). */
export async function openPeers(): Promise<Readonly<Record<string, Open>>> {
  const { load } = (await import(new URL('../peers/load.mjs', import.meta.url).href)) as {
    load: Load;
  };
  const found: Record<string, Open> = {};
  for (const [name, module, open] of [
    ['TanStack DB', '@tanstack/db', tanstack],
    ['RxDB', 'rxdb', rxdb],
    ["Zero's ZQL", '@rocicorp/zero', zero],
  ] as const) {
    try {
      await load(module);
      found[name] = (rows, views) => open(load, rows, views);
    } catch {
      console.error(`${name} is not installed: run npm install in bench/peers.`);
    }
  }
  return found;
}

// TanStack DB: incremental view maintenance in memory.

interface TanstackQuery {
  from(sources: object): TanstackQuery;
  where(test: (row: { c: Record<string, unknown> }) => unknown): TanstackQuery;
  orderBy(by: (row: { c: Record<string, unknown> }) => unknown, direction: 'asc'): TanstackQuery;
  limit(rows: number): TanstackQuery;
}
interface Tanstack {
  createCollection(options: object): {
    insert(rows: readonly object[]): { isPersisted: { promise: Promise<unknown> } };
    update(
      ids: readonly string[],
      change: (drafts: Record<string, unknown>[]) => void,
    ): { isPersisted: { promise: Promise<unknown> } };
  };
  localOnlyCollectionOptions(options: object): object;
  createLiveQueryCollection(options: object): {
    preload(): Promise<void>;
    readonly toArray: readonly { readonly id: string }[];
    cleanup(): Promise<void>;
  };
  readonly BTreeIndex: unknown;
  readonly and: (...tests: unknown[]) => unknown;
  readonly eq: (a: unknown, b: unknown) => unknown;
  readonly inArray: (a: unknown, b: readonly unknown[]) => unknown;
}

async function tanstack(
  load: Load,
  rows: readonly PeerContact[],
  views: readonly PeerView[],
): Promise<Peer> {
  const db = (await load('@tanstack/db')) as Tanstack;
  const contacts = db.createCollection({
    ...db.localOnlyCollectionOptions({ id: 'contacts', getKey: (row: PeerContact) => row.id }),
    autoIndex: 'eager',
    defaultIndexType: db.BTreeIndex,
  });
  await contacts.insert(rows.map((row) => ({ ...row }))).isPersisted.promise;
  const live = views.map(({ cities, limit }) =>
    db.createLiveQueryCollection({
      startSync: true,
      query: (query: TanstackQuery) =>
        query
          .from({ c: contacts })
          .where(({ c }) => db.and(db.eq(c['statecode'], 0), db.inArray(c['city'], cities)))
          .orderBy(({ c }) => c['fullname'], 'asc')
          .orderBy(({ c }) => c['id'], 'asc')
          .limit(limit),
    }),
  );
  for (const one of live) await one.preload();
  return {
    name: 'TanStack DB',
    async commit(changes) {
      const byId = new Map(changes.map((one) => [one.id, one]));
      const transaction = contacts.update([...byId.keys()], (drafts) => {
        for (const draft of drafts) Object.assign(draft, byId.get(String(draft['id'])));
      });
      await transaction.isPersisted.promise;
    },
    shown: (view) => live[view]?.toArray.map((row) => row.id) ?? [],
    async close() {
      for (const one of live) await one.cleanup();
    },
  };
}

// RxDB: queries over a storage, patched by event reduction.

interface RxCollection {
  bulkInsert(rows: readonly object[]): Promise<unknown>;
  bulkUpsert(rows: readonly object[]): Promise<unknown>;
  find(query: object): {
    $: { subscribe(next: (rows: readonly { id: string }[]) => void): { unsubscribe(): void } };
    exec(): Promise<readonly { id: string }[]>;
  };
}
interface Rxdb {
  createRxDatabase(options: object): Promise<{
    addCollections(collections: object): Promise<Record<string, RxCollection>>;
    close(): Promise<unknown>;
  }>;
}

async function rxdb(
  load: Load,
  rows: readonly PeerContact[],
  views: readonly PeerView[],
): Promise<Peer> {
  const { createRxDatabase } = (await load('rxdb')) as Rxdb;
  const { getRxStorageMemory } = (await load('rxdb/plugins/storage-memory')) as {
    getRxStorageMemory(): unknown;
  };
  const database = await createRxDatabase({
    name: 'bench',
    storage: getRxStorageMemory(),
    multiInstance: false,
    eventReduce: true,
  });
  const text = { type: 'string', maxLength: 60 };
  const schema = {
    version: 0,
    primaryKey: 'id',
    type: 'object',
    properties: {
      id: text,
      fullname: text,
      city: text,
      telephone1: text,
      statecode: { type: 'integer', minimum: 0, maximum: 1, multipleOf: 1 },
    },
    required: ['id', 'fullname', 'city', 'statecode'],
    indexes: [['statecode', 'city', 'fullname', 'id']],
  };
  const { contacts } = await database.addCollections({ contacts: { schema } });
  if (contacts === undefined) throw new Error('RxDB made no collection.');
  await contacts.bulkInsert(rows);
  const results = views.map(({ cities, limit }) =>
    contacts.find({
      selector: { statecode: 0, city: { $in: cities } },
      sort: [{ fullname: 'asc' }, { id: 'asc' }],
      limit,
    }),
  );
  const shown: (readonly string[])[] = [];
  const subscriptions = results.map((query, i) =>
    query.$.subscribe((found) => {
      shown[i] = found.map((row) => row.id);
    }),
  );
  const settled = async () => {
    for (const [i, query] of results.entries())
      shown[i] = (await query.exec()).map((row) => row.id);
  };
  await settled();
  return {
    name: 'RxDB',
    async commit(changes) {
      await contacts.bulkUpsert(changes);
      await settled();
    },
    shown: (view) => shown[view] ?? [],
    async close() {
      for (const one of subscriptions) one.unsubscribe();
      await database.close();
    },
  };
}

// Zero's ZQL: incremental view maintenance over the client's rows.

interface ZeroQuery {
  where(column: string, value: unknown): ZeroQuery;
  where(column: string, operator: string, value: unknown): ZeroQuery;
  orderBy(column: string, direction: 'asc'): ZeroQuery;
  limit(rows: number): ZeroQuery;
}
interface ZeroModule {
  readonly Zero: new (
    options: object,
  ) => {
    readonly mutate: Record<string, (argument: unknown) => { readonly client: Promise<unknown> }>;
    materialize(query: ZeroQuery): {
      addListener(next: (rows: readonly { id: string }[]) => void): () => void;
      destroy(): void;
    };
  };
  createSchema(options: object): unknown;
  createBuilder(schema: unknown): { readonly contact: ZeroQuery };
  table(name: string): { columns(columns: object): { primaryKey(column: string): unknown } };
  string(): unknown;
  number(): unknown;
}

async function zero(
  load: Load,
  rows: readonly PeerContact[],
  views: readonly PeerView[],
): Promise<Peer> {
  await load('fake-indexeddb/auto');
  const z = (await load('@rocicorp/zero')) as ZeroModule;
  const contact = z
    .table('contact')
    .columns({
      id: z.string(),
      fullname: z.string(),
      city: z.string(),
      telephone1: z.string(),
      statecode: z.number(),
    })
    .primaryKey('id');
  const schema = z.createSchema({ tables: [contact] });
  interface Transaction {
    readonly mutate: {
      readonly contact: {
        insert(row: object): Promise<void>;
        update(row: object): Promise<void>;
      };
    };
  }
  const mutators = {
    fill: async (tx: Transaction, list: readonly PeerContact[]) => {
      for (const row of list) await tx.mutate.contact.insert(row);
    },
    change: async (tx: Transaction, list: readonly PeerContact[]) => {
      for (const row of list) await tx.mutate.contact.update(row);
    },
  };
  const client = new z.Zero({
    server: null,
    userID: 'bench',
    schema,
    kvStore: 'mem',
    mutators,
    logLevel: 'error',
  });
  for (let at = 0; at < rows.length; at += 5000) {
    await client.mutate['fill']?.(rows.slice(at, at + 5000)).client;
  }
  const query = z.createBuilder(schema);
  const shown: (readonly string[])[] = [];
  const materialized = views.map(({ cities, limit }, i) => {
    const view = client.materialize(
      query.contact
        .where('statecode', 0)
        .where('city', 'IN', cities)
        .orderBy('fullname', 'asc')
        .orderBy('id', 'asc')
        .limit(limit),
    );
    view.addListener((found) => {
      shown[i] = found.map((row) => row.id);
    });
    return view;
  });
  return {
    name: "Zero's ZQL",
    async commit(changes) {
      await client.mutate['change']?.(changes).client;
    },
    shown: (view) => shown[view] ?? [],
    async close() {
      for (const view of materialized) view.destroy();
    },
  };
}
