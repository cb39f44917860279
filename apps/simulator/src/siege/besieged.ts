// The organization of a siege, in a process of its own: the sample app, its users, and five hostile ones.
import { platformSystem } from '@outpost/device';
import { generateRows, sampleApp, sampleUsers } from '@outpost/sample';
import { createServer, dataverseLimits, type RowInput, tokenList } from '@outpost/server';
import { listen, sqliteStore } from '@outpost/server/node';
import { seededRandom } from '@outpost/testkit';
import { openPostgres } from '../world/open-postgres.ts';
import { hostileId, hostileRows, hostileUsers } from './hostile-users.ts';

const [, , place = '', rows = ''] = process.argv;
const system = platformSystem;
const store = place.startsWith('postgres')
  ? await openPostgres(place, 'siege', system)
  : sqliteStore(place);
const users = [
  ...Object.entries(sampleUsers).map(([name, { id }]): [string, string] => [`token-${name}`, id]),
  ...hostileUsers.map((name): [string, string] => [name, hostileId(name)]),
];
const organization = await createServer({
  store,
  model: sampleApp,
  auth: tokenList(new Map(users)),
  system,
  limits: { ...dataverseLimits, requests: 60_000 },
});

function* all(): Generator<RowInput> {
  let unit = '';
  const sample = generateRows({
    random: seededRandom(1),
    now: system.clock.now(),
    rows: Number(rows),
  });
  for (const row of sample) {
    if (row.table === 'businessunit') unit = row.id;
    yield row;
  }
  yield* hostileRows(unit);
}

await organization.load(all());
const server = await listen(organization);
console.log(`Besieged at ${server.url}`);
