import type { AppModel, System } from '@outpost/model';
import { generateRows, sampleApp, sampleUsers } from '@outpost/sample';
import { createServer, type Organization, type ServerStore, tokenList } from '@outpost/server';
import { listen, memoryStore, type RunningServer } from '@outpost/server/node';
import type { StorageLocation } from '@outpost/store';
import { memoryStorage } from '@outpost/store/node';
import type { SyncMode, SyncTransport } from '@outpost/sync';
import { dataverseTransport } from '@outpost/sync/dataverse';
import { httpTransport, staticToken } from '@outpost/sync/http';
import type { ConflictPolicy } from '@outpost/sync/protocol';
import { seededRandom, testSystem } from '@outpost/testkit';
import { BehaviorSubject } from 'rxjs';
import { expect } from 'vitest';
import { type Device, type DeviceOptions, openDevice } from '../src/index.ts';
import { type DatabaseImage, readImage, writeImage } from './database-image.ts';
import { organizationStore } from './organization-store.ts';

export type UserName = keyof typeof sampleUsers;
export const tokenOf = (user: string): string => `token-${user}`;

export interface World {
  readonly organization: Organization;
  readonly server: RunningServer;
  readonly online: BehaviorSubject<boolean>;
  /** A device that holds nothing yet, or what `storage` holds. */
  device(user: UserName, options?: Partial<DeviceOptions>): Promise<Device>;
  /**
   * A device that has just synchronized: a copy of one that did its first sync with this world before anybody touched
   * it, and a delta sync since. For tests that are not about the first sync.
   */
  synced(user: UserName, options?: Partial<DeviceOptions>): Promise<Device>;
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
  return dataverseTransport({
    url: placeless,
    fetch: relocated(url),
    tokens,
    app,
    // A plain Web API says nothing of the policy.
    conflictPolicy,
    clock: testSystem(1).clock,
  });
}

/** Devices on a plain Web API keep links that name their server; a copied one finds its server at another port. */
const placeless = 'http://organization.test';

/** A server as if it were at `placeless`. */
function relocated(url: string): typeof fetch {
  return async (input, init = {}) => {
    const { body } = init;
    const sent = typeof body === 'string' ? body.replaceAll(placeless, url) : body;
    const answer = await fetch(String(input).replace(placeless, url), {
      ...init,
      ...(sent === undefined ? {} : { body: sent }),
    });
    const headers = new Headers(answer.headers);
    for (const name of ['content-length', 'content-encoding']) headers.delete(name);
    const text = (await answer.text()).replaceAll(url, placeless);
    return new Response(text === '' ? null : text, { status: answer.status, headers });
  };
}

/** An organization of the sample app, as it is before its rows are loaded. */
function openOrganization(store: ServerStore, model: AppModel, system: System) {
  const tokens = new Map(
    Object.entries(sampleUsers).map(([name, user]) => [tokenOf(name), user.id]),
  );
  return createServer({ store, model, auth: tokenList(tokens), system });
}

/** What a world is built from once in a process: images of its organization, and of devices after their first sync. */
interface Images {
  readonly model: AppModel;
  readonly rows: number;
  readonly organization: Uint8Array;
  readonly devices: Map<string, Promise<DatabaseImage>>;
}
const built: Images[] = [];

async function imagesOf(rows: number, model: AppModel): Promise<Images> {
  const found = built.find((one) => one.rows === rows && one.model === model);
  if (found !== undefined) return found;
  const store = memoryStore();
  const system = testSystem(11);
  const organization = await openOrganization(store, model, system);
  await organization.load(generateRows({ random: seededRandom(5), now: system.clock.now(), rows }));
  const images: Images = { model, rows, organization: await store.image(), devices: new Map() };
  await organization.close();
  built.push(images);
  return images;
}

/** The database of a user's device after its first sync with a world that nobody has touched. */
async function deviceImage(images: Images, user: UserName, seed: number): Promise<DatabaseImage> {
  const organization = await openOrganization(
    memoryStore(images.organization),
    images.model,
    testSystem(12),
  );
  const server = await listen(organization);
  const storage = memoryStorage();
  const device = await openDevice({
    storage,
    transport: transportTo(server.url, tokenOf(user), images.model, () => 'off'),
    system: testSystem(seed),
  });
  await sync(device);
  await device.close();
  await server.close();
  await organization.close();
  return readImage(storage);
}

/** A cycle that has to be complete. */
export async function sync(device: Device, mode: SyncMode = 'DELTA_SYNC'): Promise<void> {
  expect(await device.sync.run(mode)).toMatchObject({ kind: 'done' });
}

const isOnPostgres = process.env['OUTPOST_STORE'] === 'postgres';

/** An organization with sample rows behind real HTTP, and devices in memory. */
export async function openWorld(rows = 300, model: AppModel = sampleApp): Promise<World> {
  const images = await imagesOf(rows, model);
  const system = testSystem(isOnPostgres ? 11 : 12);
  const store = isOnPostgres ? organizationStore() : memoryStore(images.organization);
  const organization = await openOrganization(store, model, system);
  if (isOnPostgres)
    await organization.load(
      generateRows({ random: seededRandom(5), now: system.clock.now(), rows }),
    );
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
  const open = async (user: UserName, options: Partial<DeviceOptions> = {}) => {
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
  };
  return {
    organization,
    server,
    online,
    transport,
    device: open,
    async synced(user, options = {}) {
      const storage = options.storage ?? memoryStorage();
      if (!isOnPostgres) {
        // Each device of a user has a life of its own.
        const key = `${user} ${devices.length}`;
        const image = images.devices.get(key) ?? deviceImage(images, user, 500 + devices.length);
        images.devices.set(key, image);
        await writeImage(storage, await image);
      }
      const device = await open(user, { ...options, storage });
      await sync(device);
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
