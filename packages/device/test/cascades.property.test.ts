import type { AppModel, CascadeKind, Random, Relationship } from '@outpost/model';
import { sampleApp, sampleUsers, southTeamId } from '@outpost/sample';
import { seededRandom } from '@outpost/testkit';
import { lengthOf } from '@outpost/vitest/length';
import { expect, test } from 'vitest';
import type { Device } from '../src/index.ts';
import { openWorld, sync, type World } from './world.ts';

/** Random apps; changes in each. */
const apps = lengthOf('OUTPOST_ROUNDS', { short: 3, long: 20 });
const changes = lengthOf('OUTPOST_OPERATIONS', { short: 30, long: 60 });

/** Where one relationship restricts, the others show nothing: it is rare in every other app. */
const onDelete = (restricts: number): readonly CascadeKind[] => [
  ...Array.from({ length: 10 }, (): CascadeKind => 'cascade'),
  ...Array.from({ length: 5 }, (): CascadeKind => 'removeLink'),
  ...Array.from({ length: restricts }, (): CascadeKind => 'restrict'),
  'noCascade',
];
const onAssign = ['cascade', 'active', 'userOwned', 'noCascade'] as const;
const kindsSeen = new Set<string>();
const outcomes = { saved: 0, refusedHere: 0, refusedThere: 0, withOthers: 0 };

/** The sample app with relationships of any kind, and a profile that leaves nothing out: what is here is all there is. */
function randomApp(random: Random, restricts: number): AppModel {
  const relationships = sampleApp.relationships.map((one): Relationship => {
    if (one.kind !== 'manyToOne') return one;
    const cascade: { readonly delete: CascadeKind; readonly assign: CascadeKind } = {
      delete: pick(random, onDelete(restricts)),
      assign: pick(random, onAssign),
    };
    return { ...one, cascade };
  });
  const items = sampleApp.profile.items.map(({ table, intervalMinutes }) => ({
    table,
    intervalMinutes,
    criteria: 'all' as const,
    relationships: [],
  }));
  return { ...sampleApp, relationships, profile: { ...sampleApp.profile, items } };
}

const edited = ['account', 'contact', 'lead', 'opportunity', 'incident'] as const;
const activities = ['task', 'phonecall', 'appointment'] as const;
const owners = [
  ...Object.values(sampleUsers).map((user) => ({ table: 'systemuser', id: user.id })),
  { table: 'team', id: southTeamId },
];

test.each(Array.from({ length: apps }, (_, i) => i))(
  'N07a, N07b, N07c, N07d, N07e: app %i: a device does at once what the organization does, and takes it back when it is refused',
  async (n) => {
    const random = seededRandom(9100 + n);
    const model = randomApp(random, n % 2 === 0 ? 0 : 6);
    const world = await openWorld(300, model);
    const device = await world.synced('carla');
    for (let i = 0; i < changes; i++) {
      await world.organization.setConflictPolicy(random.next() < 0.3 ? 'on' : 'off');
      await sync(device);
      for (const [found, wanted] of await change(world, device, random)) {
        expect(found).toEqual(wanted);
      }
      expect(device.sync.outbox.unsettledEffects()).toEqual([]);
    }
    expect(await device.sync.compare()).toEqual([]);
    expect(device.store.integrity()).toEqual([]);
    expect(device.searchIndex.verify()).toEqual([]);
    await world.close();
  },
);

test('each kind of relationship has done something, and each end was met', () => {
  for (const count of Object.values(outcomes)) expect(count).toBeGreaterThan(0);
  expect([...kindsSeen].sort()).toEqual(['assign', 'clear', 'delete', 'restricted', 'twin']);
});

/** What is found, and what it is to be. */
type Comparison = readonly [found: unknown, wanted: unknown];

/** Deletes, assigns or makes a row on the device, and undoes it, or sends it, perhaps after somebody else. */
async function change(
  world: World,
  device: Device,
  random: Random,
): Promise<readonly Comparison[]> {
  const before = snapshot(device);
  const table = pick(random, [...edited, ...activities, 'activitypointer' as const]);
  const ids = [...(before.get(table)?.keys() ?? [])];
  // Enough is left.
  if (ids.length === 0) return [];
  const id = pick(random, ids);
  const dice = random.next();
  const carla = world.organization.as(sampleUsers.carla.id);
  const isDelete = dice < 0.55 || table === 'activitypointer';
  const isActivity = (activities as readonly string[]).includes(table);
  let result: ReturnType<Device['delete']>;
  if (isDelete) result = device.delete(table, id);
  else if (dice < 0.8 || !isActivity) {
    result = device.update(table, id, { ownerid: pick(random, owners) });
  } else {
    const account = pick(random, [...(before.get('account')?.keys() ?? [])]);
    const regardingobjectid = { table: 'account', id: account };
    result = device.create(table, { subject: `Call ${random.next()}`, regardingobjectid });
    kindsSeen.add('twin');
  }
  const after = snapshot(device);
  if (result.kind === 'unchanged') return [[after, before]];
  if (result.kind === 'refused') {
    outcomes.refusedHere += 1;
    const [reason] = result.reasons;
    // A change of a closed row is refused too; what forbids a deletion, the organization says in the same words.
    if (!isDelete || reason?.kind !== 'restricted') return [[after, before]];
    kindsSeen.add('restricted');
    const said: unknown = await carla.delete(table, id).catch((error: unknown) => error);
    return [
      [after, before],
      [(said as Error).message, reason.message],
      [(said as { readonly code?: string }).code, reason.code],
    ];
  }
  for (const one of device.sync.outbox.unsettledEffects()) {
    if (one.isTwin) continue;
    kindsSeen.add(
      one.op === 'delete' ? 'delete' : Object.hasOwn(one.set, 'ownerid') ? 'assign' : 'clear',
    );
    outcomes.withOthers += 1;
  }
  const [entry] = device.sync.outbox.pending();
  if (random.next() < 0.15 && entry !== undefined) {
    const undone = device.sync.undo(entry.key).kind;
    return [
      [undone, 'undone'],
      [snapshot(device), before],
    ];
  }
  // Somebody else edits the row first: under "on" the device's edit is refused.
  const isOpen = (before.get(table)?.get(id)?.['statecode'] ?? 0) === 0;
  const mayBeEdited = isOpen && result.id === id && table !== 'activitypointer';
  const isOvertaken = random.next() < 0.4 && mayBeEdited;
  const column = table === 'account' ? 'telephone1' : 'description';
  if (isOvertaken) await carla.update({ table, id, values: { [column]: `web ${random.next()}` } });
  await sync(device);
  const withoutTheirs = (rows: Rows): Rows => {
    for (const name of isOvertaken ? [table, 'activitypointer'] : []) {
      delete rows.get(name)?.get(id)?.[column];
    }
    return rows;
  };
  const now = snapshot(device);
  const [error] = device.sync.errors.list();
  if (error === undefined) {
    outcomes.saved += 1;
    return [[withoutTheirs(now), withoutTheirs(after)]];
  }
  outcomes.refusedThere += 1;
  const comparisons: Comparison[] = [
    [error.message, isOvertaken ? error.message : 'not refused'],
    [withoutTheirs(now), withoutTheirs(before)],
  ];
  if (random.next() < 0.5) device.sync.errors.resolve(error.id, 'discard');
  else {
    device.sync.errors.resolve(error.id, 'keepMine');
    comparisons.push([withoutTheirs(snapshot(device)), withoutTheirs(after)]);
  }
  await sync(device);
  return [...comparisons, [device.sync.errors.list(), []]];
}

type Rows = Map<string, Map<string, Record<string, unknown>>>;

/** What people see of every row; what only the platform writes comes with the next sync. */
function snapshot(device: Device): Rows {
  const rows: Rows = new Map();
  for (const { name, primaryId } of device.model.tables) {
    const schema = device.store.schema.get(name);
    if (schema === undefined || name === 'syncerror') continue;
    const slots = schema.slots
      .filter(
        (slot) =>
          !['versionnumber', 'modifiedon', 'modifiedby', 'createdon', 'createdby'].includes(
            slot.column?.name ?? slot.name,
          ) && !slot.name.endsWith('$n'),
      )
      .map((slot) => slot.name);
    const found = device.store.all(
      `SELECT "${primaryId}", ${slots.map((slot) => `"${slot}"`).join(', ')} FROM "${name}" ORDER BY 1`,
    );
    rows.set(
      name,
      new Map(
        found.map(([id, ...cells]) => [
          String(id),
          Object.fromEntries(slots.map((slot, i) => [slot, cells[i] ?? null])),
        ]),
      ),
    );
  }
  return rows;
}

function pick<Item>(random: Random, list: readonly Item[]): Item {
  return list[Math.floor(random.next() * list.length)] as Item;
}
