import { describe, expect, test } from 'vitest';
import {
  accessRightsMask,
  buildSecurityContext,
  can,
  contextFromDepths,
  type Depth,
  privileges,
  type RowOwnership,
} from '../src/index.ts';

describe('D13, D14: access to a row', () => {
  const row = (owner: string, businessUnit: string): RowOwnership => ({
    table: 'account',
    ownership: 'user',
    owner,
    businessUnit,
  });
  const contextOf = (depth: Depth) =>
    contextFromDepths({
      userId: 'me',
      businessUnitId: 'mine',
      businessUnitTree: ['mine', 'below'],
      teamIds: ['team'],
      privileges: { account: Object.fromEntries(privileges.map((one) => [one, depth])) },
    });
  const cases: readonly (readonly [string, RowOwnership, readonly boolean[]])[] = [
    // Allowed at depth 0, 1, 2, 3, 4.
    ['own row elsewhere', row('me', 'elsewhere'), [false, true, true, true, true]],
    ['a row of my team', row('team', 'elsewhere'), [false, true, true, true, true]],
    ['a row of my business unit', row('other', 'mine'), [false, false, true, true, true]],
    ['a row of a unit below', row('other', 'below'), [false, false, false, true, true]],
    ['a row elsewhere', row('other', 'elsewhere'), [false, false, false, false, true]],
    [
      'a row of the organization',
      { table: 'account', ownership: 'organization', owner: null, businessUnit: null },
      [false, false, false, false, true],
    ],
  ];
  test.each(cases)(
    'D13: %s at each of the five depths, for all eight privileges',
    (_, one, allowed) => {
      for (const privilege of privileges) {
        const decisions = ([0, 1, 2, 3, 4] as const).map(
          (depth) => can(contextOf(depth), privilege, one).allowed,
        );
        expect(decisions).toEqual(allowed);
      }
    },
  );

  test('a decision explains itself', () => {
    expect(can(contextOf(2), 'read', row('other', 'mine'))).toEqual({
      allowed: true,
      by: 'businessUnit',
      via: 'mine',
    });
    expect(can(contextOf(1), 'read', row('team', 'x'))).toEqual({
      allowed: true,
      by: 'team',
      via: 'team',
    });
    const shared = {
      ...row('other', 'x'),
      shares: [{ principal: 'team', rights: ['read'] as const }],
    };
    expect(can(contextOf(1), 'read', shared)).toEqual({ allowed: true, by: 'share', via: 'team' });
    const refused = { allowed: false, code: '0x80040220' };
    expect(can(contextOf(1), 'write', shared)).toEqual({ ...refused, reason: 'noAccess' });
    expect(can(contextOf(0), 'read', shared)).toEqual({ ...refused, reason: 'noPrivilege' });
  });

  test('D14: managers write rows of direct reports, read further down, up to a depth, within their business units', () => {
    const user = (id: string, businessUnitId: string, managerId: string | null) => ({
      id,
      businessUnitId,
      managerId,
      positionId: null,
      disabled: false,
    });
    const directory = {
      users: [
        user('boss', 'root', null),
        user('lead', 'a', 'boss'),
        user('rep', 'a', 'lead'),
        user('new', 'a', 'rep'),
      ],
      teams: [],
      businessUnits: [
        { id: 'root', parentId: null },
        { id: 'a', parentId: 'root' },
        { id: 'b', parentId: 'root' },
      ],
      positions: [],
    };
    const role = {
      id: 'r',
      name: 'r',
      privileges: { account: Object.fromEntries(privileges.map((one) => [one, 1 as Depth])) },
    };
    const contextFor = (userId: string, unit = 'root') =>
      buildSecurityContext({
        userId,
        directory: {
          ...directory,
          users: directory.users.map((one) =>
            one.id === userId ? { ...one, businessUnitId: unit } : one,
          ),
        },
        roles: [role],
        teamRoles: new Map(),
        hierarchy: {
          model: 'manager',
          depth: 2,
          excludedTables: [],
          sameOrParentBusinessUnit: true,
        },
      });
    const allowed = (context: ReturnType<typeof contextFor>, owner: string) => {
      if (context === null) throw new Error('The user is not in the directory.');
      return privileges.filter((one) => can(context, one, row(owner, 'a')).allowed);
    };
    const boss = contextFor('boss');
    expect(allowed(boss, 'lead')).toEqual(['read', 'write', 'append', 'appendTo']);
    expect(allowed(boss, 'rep')).toEqual(['read']);
    expect(allowed(boss, 'new')).toEqual([]);
    expect(allowed(contextFor('boss', 'b'), 'lead')).toEqual([]);
    expect(allowed(contextFor('rep', 'a'), 'lead')).toEqual([]);
  });

  test('rights have the bits of the Dataverse SDK', () => {
    expect(accessRightsMask(privileges)).toBe(1 + 2 + 4 + 16 + 32 + 65_536 + 262_144 + 524_288);
  });
});
