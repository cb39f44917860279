import {
  type ContextInput,
  type Depth,
  type Directory,
  type HierarchySettings,
  type Privilege,
  privileges,
  type Random,
  type Role,
  type RowOwnership,
  type Share,
} from '@outpost/model';

/** A small organization with everything access may depend on, drawn at random, and rows to ask about. */
export interface SecurityWorld {
  readonly directory: Directory;
  readonly roles: ReadonlyMap<string, readonly Role[]>;
  readonly teamRoles: ReadonlyMap<string, readonly Role[]>;
  readonly hierarchy: HierarchySettings;
  readonly rows: readonly (RowOwnership & {
    readonly id: string;
    readonly shares: readonly Share[];
  })[];
}

/** What `buildSecurityContext` takes for one user of the world. */
export function contextInput(world: SecurityWorld, userId: string): ContextInput {
  const { directory, teamRoles, hierarchy } = world;
  return { userId, directory, roles: world.roles.get(userId) ?? [], teamRoles, hierarchy };
}

const tables = ['account', 'visit'] as const;

export function randomSecurityWorld(random: Random): SecurityWorld {
  const int = (below: number) => Math.floor(random.next() * below);
  const pick = <T>(items: readonly T[]): T => {
    const item = items[int(items.length)];
    if (item === undefined) throw new Error('nothing to pick from');
    return item;
  };
  const chance = (share: number) => random.next() < share;
  const some = <T>(items: readonly T[], share: number) => items.filter(() => chance(share));
  const names = (prefix: string, count: number) =>
    Array.from({ length: count }, (_, i) => `${prefix}${i}`);

  const businessUnits = names('bu', 5).map((id, i) => ({
    id,
    parentId: i === 0 ? null : `bu${int(i)}`,
  }));
  const positions = names('position', 4).map((id, i) => ({
    id,
    parentId: i === 0 ? null : `position${int(i)}`,
  }));
  const userIds = names('user', 6);
  const users = userIds.map((id, i) => ({
    id,
    businessUnitId: pick(businessUnits).id,
    managerId: i === 0 || chance(0.3) ? null : `user${int(i)}`,
    positionId: chance(0.7) ? pick(positions).id : null,
    disabled: chance(0.1),
  }));
  const teams = names('team', 3).map((id) => ({
    id,
    businessUnitId: pick(businessUnits).id,
    type: chance(0.7) ? ('owner' as const) : ('access' as const),
    memberIds: some(userIds, 0.4),
  }));
  const role = (id: string): Role => ({
    id,
    name: id,
    privileges: Object.fromEntries(
      tables.map((table) => [
        table,
        Object.fromEntries(privileges.map((one) => [one, int(5) as Depth])),
      ]),
    ),
    ...(chance(0.5) ? { inheritance: 'teamOnly' as const } : {}),
  });
  const thin = (one: Role): Role =>
    chance(0.5) ? one : { ...one, privileges: { account: { read: 1, write: int(3) as Depth } } };
  const owners = [...userIds, ...teams.filter((one) => one.type === 'owner').map((one) => one.id)];
  const unitOf = (owner: string) =>
    [...users, ...teams].find((one) => one.id === owner)?.businessUnitId ?? null;
  return {
    directory: { users, teams, businessUnits, positions },
    roles: new Map(
      userIds.map((id) => [id, chance(0.8) ? [thin(role(`role of ${id}`))] : []] as const),
    ),
    teamRoles: new Map(
      teams.map(({ id }) => [id, chance(0.6) ? [thin(role(`role of ${id}`))] : []] as const),
    ),
    hierarchy: {
      model: pick(['off', 'manager', 'position'] as const),
      depth: 1 + int(3),
      excludedTables: chance(0.2) ? ['visit'] : [],
      sameOrParentBusinessUnit: chance(0.5),
    },
    rows: names('row', 8).map((id) => {
      const owned = chance(0.9);
      const owner = owned ? pick(owners) : null;
      return {
        id,
        table: pick(tables),
        ownership: owned ? ('user' as const) : ('organization' as const),
        owner,
        businessUnit: owner === null ? null : unitOf(owner),
        shares: names('share', int(3)).map(
          (): Share => ({
            principal: chance(0.1) ? null : pick([...userIds, ...teams.map((one) => one.id)]),
            rights: some<Privilege>(
              privileges.filter((one) => one !== 'create'),
              0.5,
            ),
          }),
        ),
      };
    }),
  };
}
