import { seededRandom } from '@outpost/testkit';
import type { ServerStore } from '../src/index.ts';
import { sqliteStore } from '../src/node/index.ts';
import { postgresStore } from '../src/postgres/index.ts';

/** Address of the PostgreSQL to test with, such as `postgres://user@localhost/db`. */
export const postgresAddress: string | undefined = process.env['OUTPOST_POSTGRES'];

/** An empty store of the kind that this run of the tests is about: `OUTPOST_STORE` is `sqlite`, or `postgres`. */
export function openStore(): ServerStore {
  return process.env['OUTPOST_STORE'] === 'postgres'
    ? droppedAtEnd(uniqueName())
    : sqliteStore(null);
}

let made = 0;

/** Schemas that tests share between stores, and drop themselves. */
const shared: string[] = [];

/** Name of a schema that nobody else uses; `dropSchemas` drops it. */
export function newSchema(): string {
  const schema = uniqueName();
  shared.push(schema);
  return schema;
}

function uniqueName(): string {
  made += 1;
  return `outpost_${process.pid}_${process.hrtime.bigint() % 1_000_000_000n}_${made}`;
}

/** A store whose schema goes when it is closed. */
function droppedAtEnd(schema: string): ServerStore {
  const store = openPostgres(schema);
  let closed: Promise<void> | null = null;
  return {
    engine: store.engine,
    read: (fn) => store.read(fn),
    write: (fn) => store.write(fn),
    close() {
      closed ??= dropSchema(store, schema).then(() => store.close());
      return closed;
    },
  };
}

/** In a database that is given, nothing of a test stays. */
async function dropSchema(store: ServerStore, schema: string): Promise<void> {
  await store.write((tx) => tx.run(`DROP SCHEMA IF EXISTS "${schema}" CASCADE`));
}

/** Drops the schemas of `newSchema`; called when all their stores are closed. */
export async function dropSchemas(): Promise<void> {
  for (const schema of shared.splice(0)) {
    const store = openPostgres(schema, 1);
    await dropSchema(store, schema);
    await store.close();
  }
}

/** A process' own store in a schema of the test database. */
export function openPostgres(schema: string, connections = 5): ServerStore {
  return postgresStore(postgresAddress ?? '', {
    schema,
    connections,
    random: seededRandom(1),
    // Not held back by what other tests do in the same database server.
    clock: 'sequencer',
  });
}
