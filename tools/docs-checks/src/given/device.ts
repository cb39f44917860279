/** What examples take as given of a device that has synchronized. */
import { openDevice } from '@outpost/device';
import { memoryStorage } from '@outpost/device/node';
import { system } from './app.ts';
import { transport } from './organization.ts';

export const device = await openDevice({ storage: memoryStorage('given'), transport, system });
const synced = await device.sync.run('DELTA_SYNC');
if (synced.kind !== 'done') throw new Error(`The first sync: ${JSON.stringify(synced)}`);
export const { store } = device;
export const offlineTables: ReadonlySet<string> = new Set(store.schema.keys());
export const context = () => device.queries.context();
export const viewId = device.queries.viewOf('account', 'public')?.id ?? '';
