import type { AppModel } from '@outpost/model';
import { generateRows, sampleApp, sampleUsers } from '@outpost/sample';
import { createServer, type Organization, tokenList } from '@outpost/server';
import { listen, type RunningServer } from '@outpost/server/node';
import type { StorageLocation } from '@outpost/store';
import { memoryStorage } from '@outpost/store/node';
import type { SyncTransport } from '@outpost/sync';
import { dataverseTransport } from '@outpost/sync/dataverse';
import { httpTransport, staticToken } from '@outpost/sync/http';
import type { ConflictPolicy } from '@outpost/sync/protocol';
import { seededRandom, testSystem } from '@outpost/testkit';
import { BehaviorSubject } from 'rxjs';
import { type Device, type DeviceOptions, openDevice } from '../src/index.ts';
import { organizationStore } from './organization-store.ts';

export type UserName = keyof typeof sampleUsers;
export const tokenOf = (user: string): string => `token-${user}`;

export interface World {
  readonly organization: Organization;
  readonly server: RunningServer;
  readonly online: BehaviorSubject<boolean>;
  device(user: UserName, options?: Partial<DeviceOptions>): Promise<Device>;
  /** How its devices reach the organization. */
  transport(user: UserName): SyncTransport;
  close(): Promise<void>;
}

/** Some tests run a second time through the plain Web API, which promises less than the sync endpoint. */
export const isPlainWebApi: boolean = process.env['OUTPOST_TRANSPORT'] === 'dataverse';

/** Through the sync endpoint, or through the plain Web API. */
export function transportTo(
  url: string,
  token: string,
  app: AppModel,
  conflictPolicy: () => ConflictPolicy,
): SyncTransport {
  const tokens = staticToken(token);
  if (!isPlainWebApi) return httpTransport({ url, tokens });
  // A plain Web API says nothing of the policy.
  return dataverseTransport({ url, tokens, app, conflictPolicy, clock: testSystem(1).clock });
}

/** An organization with sample rows behind real HTTP, and devices in memory. */
export async function openWorld(rows = 300, model: AppModel = sampleApp): Promise<World> {
  const system = testSystem(11);
  const tokens = new Map(
    Object.entries(sampleUsers).map(([name, user]) => [tokenOf(name), user.id]),
  );
  const organization = await createServer({
    store: organizationStore(),
    model,
    auth: tokenList(tokens),
    system,
  });
  await organization.load(generateRows({ random: seededRandom(5), now: system.clock.now(), rows }));
  let policy: ConflictPolicy = 'off';
  const { setConflictPolicy } = organization;
  organization.setConflictPolicy = (next) => {
    policy = next;
    return setConflictPolicy.call(organization, next);
  };
  const server = await listen(organization);
  const online = new BehaviorSubject(true);
  const transport = (user: UserName) => transportTo(server.url, tokenOf(user), model, () => policy);
  const devices: Device[] = [];
  const faults: unknown[] = [];
  return {
    organization,
    server,
    online,
    transport,
    async device(user, options = {}) {
      const storage: StorageLocation = options.storage ?? memoryStorage();
      const device = await openDevice({
        transport: transport(user),
        online,
        system: testSystem(100 + devices.length),
        pageRows: 100,
        onFault: (fault) => faults.push(fault),
        ...options,
        storage,
      });
      devices.push(device);
      return device;
    },
    async close() {
      for (const device of devices) await device.close();
      await server.close();
      await organization.close();
      // Nothing in these tests may go past the gateway of the database, or break a maintainer.
      if (faults.length > 0) throw faults[0];
    },
  };
}
