/** Serves an organization from a file, or a schema of PostgreSQL, and says where, until it is killed. */
import { generateRows, sampleApp, sampleUsers } from '@outpost/sample';
import { createServer, tokenList } from '@outpost/server';
import { listen, sqliteStore } from '@outpost/server/node';
import { postgresStore } from '@outpost/server/postgres';
import { seededRandom } from '@outpost/testkit';
import { platformSystem } from '../src/system/system.ts';

const [path = '', schema] = process.argv.slice(2);
const users = Object.entries(sampleUsers).map(
  ([name, user]) => [`token-${name}`, user.id] as const,
);
const organization = await createServer({
  store:
    schema === undefined
      ? sqliteStore(path)
      : postgresStore(path, { schema, connections: 8, random: platformSystem.random }),
  model: sampleApp,
  auth: tokenList(new Map(users)),
  system: platformSystem,
  limits: 'off',
});
if (!(await organization.isLoaded())) {
  const now = Date.parse('2026-03-02T08:00:00Z');
  await organization.load(generateRows({ random: seededRandom(5), now, rows: 200 }));
}
const { url } = await listen(organization);
process.stdout.write(`${url}\n`);
// It ends with the tests, however they end.
process.stdin.resume().on('end', () => process.exit());
