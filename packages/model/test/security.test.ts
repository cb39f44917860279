import fc from 'fast-check';
import { expect, test } from 'vitest';
import { can, type Depth, readScope, type SecurityContext } from '../src/index.ts';

const depths = fc.constantFrom<Depth>(0, 1, 2, 3, 4);
const owners = fc.constantFrom('me', 'team', 'other', null);
const units = fc.constantFrom('mine', 'below', 'elsewhere', null);

function contextOf(depth: Depth): SecurityContext {
  return {
    userId: 'me',
    businessUnitId: 'mine',
    businessUnitTree: ['mine', 'below'],
    teamIds: ['team'],
    privileges: { account: { read: depth } },
  };
}

/** The documented rule, written out as one truth table. */
function naive(depth: Depth, owner: string | null, unit: string | null): boolean {
  if (depth === 0) return false;
  if (owner === 'me' || owner === 'team') return true;
  if (depth === 1) return false;
  if (depth === 2) return unit === 'mine';
  if (depth === 3) return unit === 'mine' || unit === 'below';
  return true;
}

test('a decision follows depth, owner and business unit, and the read scope agrees with it', () => {
  fc.assert(
    fc.property(depths, owners, units, (depth, owner, businessUnit) => {
      const context = contextOf(depth);
      const decision = can(context, 'read', {
        table: 'account',
        ownership: 'user',
        owner,
        businessUnit,
      });
      expect(decision.allowed).toBe(naive(depth, owner, businessUnit));
      const scope = readScope(context, 'account');
      const inScope =
        scope.kind === 'all' ||
        (scope.kind === 'some' &&
          ((owner !== null && scope.owners.includes(owner)) ||
            (businessUnit !== null && scope.businessUnits.includes(businessUnit))));
      expect(inScope).toBe(decision.allowed);
    }),
  );
});

test('a refusal says whether the privilege or the access is missing', () => {
  const row = {
    table: 'account',
    ownership: 'user',
    owner: 'other',
    businessUnit: 'elsewhere',
  } as const;
  expect(can(contextOf(0), 'read', row)).toEqual({
    allowed: false,
    code: '0x80040220',
    reason: 'noPrivilege',
  });
  expect(can(contextOf(2), 'read', row)).toEqual({
    allowed: false,
    code: '0x80040220',
    reason: 'noAccess',
  });
});
