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
  const address = process.env['OUTPOST_POSTGRES'] ?? '';
  return postgresStore(address, {
    schema,
    connections: 5,
    random: seededRandom(1),
    // Not held back by what other tests do in the same database server.
    clock: 'sequencer',
  });
}
