import { seededRandom } from '@outpost/testkit';
import type { ServerStore } from '../src/index.ts';
import { sqliteStore } from '../src/node/index.ts';
import { postgresStore } from '../src/postgres/index.ts';

/** Address of the PostgreSQL to test with, such as `postgres://user@localhost/db`. */
export const postgresAddress: string | undefined = process.env['OUTPOST_POSTGRES'];

/** An empty store of the kind that this run of the tests is about: `OUTPOST_STORE` is `sqlite`, or `postgres`. */
export function openStore(): ServerStore {
  return process.env['OUTPOST_STORE'] === 'postgres'
    ? openPostgres(newSchema())
    : sqliteStore(null);
}

let made = 0;

/** Name of a schema that nobody else uses. */
export function newSchema(): string {
  made += 1;
  return `outpost_${process.pid}_${process.hrtime.bigint() % 1_000_000_000n}_${made}`;
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
