import type { ServerStore } from '@outpost/server';
import { memoryStore } from '@outpost/server/node';
import { postgresStore } from '@outpost/server/postgres';
import { seededRandom } from '@outpost/testkit';

let made = 0;

/** An empty store for an organization: in memory, or, where `OUTPOST_STORE` is `postgres`, a schema of its own there. */
export function organizationStore(): ServerStore {
  if (process.env['OUTPOST_STORE'] !== 'postgres') return memoryStore();
  made += 1;
  const schema = `outpost_${process.pid}_${process.hrtime.bigint() % 1_000_000_000n}_${made}`;
  const store = openPostgres(schema);
  let closed: Promise<void> | null = null;
  return {
    engine: store.engine,
    read: (fn) => store.read(fn),
    write: (fn) => store.write(fn),
    // In a database that is given, nothing of a test stays.
    close() {
      closed ??= dropSchema(store, schema).then(() => store.close());
      return closed;
    },
  };
}

function openPostgres(schema: string): ServerStore {
  return postgresStore(process.env['OUTPOST_POSTGRES'] ?? '', {
    schema,
    connections: 5,
    random: seededRandom(1),
    // Not held back by what other tests do in the same database server.
    clock: 'sequencer',
  });
}

async function dropSchema(store: ServerStore, schema: string): Promise<void> {
  await store.write((tx) => tx.run(`DROP SCHEMA IF EXISTS "${schema}" CASCADE`));
}

/** Drops the schema that processes of a test have shared; they have ended. */
export async function dropShared(schema: string): Promise<void> {
  const store = openPostgres(schema);
  await dropSchema(store, schema);
  await store.close();
}
