import { platformSystem } from '@outpost/device';
import { generateRows, sampleApp, sampleUsers } from '@outpost/sample';
import { createServer, type Organization, tokenList } from '@outpost/server';
import { sqliteStore } from '@outpost/server/node';
import { seededRandom } from '@outpost/testkit';

/** The sample organization in memory, for examples that need somebody to talk to; Ana's token is `token-ana`. */
export async function sampleOrganization(rows: number): Promise<Organization> {
  const organization = await createServer({
    store: sqliteStore(null),
    model: sampleApp,
    auth: tokenList(new Map([['token-ana', sampleUsers.ana.id]])),
    system: platformSystem,
  });
  const now = platformSystem.clock.now();
  await organization.load(generateRows({ random: seededRandom(1), now, rows }));
  return organization;
}
