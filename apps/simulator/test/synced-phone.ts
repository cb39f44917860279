import { testSystem } from '@outpost/testkit';
import { expect } from 'vitest';
import { type OpenDevice, openWorld, type World } from '../src/world/world.ts';

/** The sample app with about so many rows, or a real one: the files of its solution and data. */
export type AppChoice =
  | { readonly rows: number }
  | { readonly solution: string; readonly data: string };

export interface SyncedPhone {
  readonly world: World;
  readonly phone: OpenDevice;
  readonly system: ReturnType<typeof testSystem>;
}

/** An organization in memory and Ana's phone with everything she may have; time stands still. */
export async function openSyncedPhone(app: AppChoice): Promise<SyncedPhone> {
  const system = testSystem(1);
  const choice = { rows: 0, solution: null, data: null, ...app };
  const world = await openWorld({ ...choice, seed: 1, dir: null, system });
  const options = { name: 'phone', user: 'ana', start: 'manual', online: true, system } as const;
  const phone = await world.openDevice(options);
  expect(await phone.device.sync.run('DELTA_SYNC')).toMatchObject({ kind: 'done' });
  return { world, phone, system };
}
