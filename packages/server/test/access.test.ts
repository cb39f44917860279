import { DatabaseSync } from 'node:sqlite';
import {
  accessRightsMask,
  buildSecurityContext,
  can,
  type Depth,
  type Privilege,
  privileges,
} from '@outpost/model';
import {
  contextInput,
  randomSecurityWorld,
  type SecurityWorld,
  seededRandom,
} from '@outpost/testkit';
import { lengthOf } from '@outpost/vitest/length';
import { expect, test } from 'vitest';
import { accessPredicate } from '../src/view/read-predicate.ts';

const rounds = lengthOf('OUTPOST_ROUNDS', { short: 50, long: 1000 });

/** The documented rules once more, slowly, from the raw facts: is there any path from the user to the row? */
function oracle(
  world: SecurityWorld,
  userId: string,
  privilege: Privilege,
  row: SecurityWorld['rows'][number],
): boolean {
  const { directory } = world;
  const user = directory.users.find((one) => one.id === userId);
  if (user === undefined) return false;
  const memberOf = directory.teams.filter((team) => team.memberIds.includes(userId));
  const isMine = (principal: string | null) =>
    principal === userId || memberOf.some((team) => team.id === principal);
  const unitChain = (unit: string | null): string[] => {
    const found = directory.businessUnits.find((one) => one.id === unit);
    return found === undefined ? [] : [found.id, ...unitChain(found.parentId)];
  };
  const depthIn = (
    one: { privileges: Record<string, Partial<Record<Privilege, Depth>>> },
    right: Privilege,
  ) => one.privileges[row.table]?.[right] ?? 0;
  const held = [
    ...(world.roles.get(userId) ?? []).map((role) => ({
      role,
      unit: user.businessUnitId,
      team: null,
    })),
    ...memberOf
      .filter((team) => team.type === 'owner')
      .flatMap((team) =>
        (world.teamRoles.get(team.id) ?? []).map((role) => ({
          role,
          unit: team.businessUnitId,
          team: team.id,
        })),
      ),
  ];
  const has = (right: Privilege) => held.some(({ role }) => depthIn(role, right) > 0);
  if (!has(privilege)) return false;
  for (const { role, unit, team } of held) {
    const depth = depthIn(role, privilege);
    if (depth === 0) continue;
    if (depth === 4) return true;
    const onlyTeam = team !== null && role.inheritance === 'teamOnly';
    if (row.owner !== null && (onlyTeam ? row.owner === team : isMine(row.owner))) return true;
    if (row.businessUnit === null) continue;
    if (depth >= 2 && row.businessUnit === unit) return true;
    if (depth === 3 && unitChain(row.businessUnit).includes(unit)) return true;
  }
  const sharedTo = (test: (principal: string | null) => boolean) =>
    row.shares.some((share) => share.rights.includes(privilege) && test(share.principal));
  if (sharedTo((principal) => principal === null || isMine(principal))) return true;
  const { model, depth: maxLevel, excludedTables, sameOrParentBusinessUnit } = world.hierarchy;
  if (model === 'off' || excludedTables.includes(row.table) || !has('read')) return false;
  for (const report of directory.users) {
    if (report.id === userId || report.disabled) continue;
    let level = 0;
    if (model === 'manager') {
      let above: string | null = report.managerId;
      for (let up = 1; above !== null && up <= 10; up++) {
        if (above === userId) {
          level = up;
          break;
        }
        const next: string | null =
          directory.users.find((one) => one.id === above)?.managerId ?? null;
        above = next;
      }
      if (
        sameOrParentBusinessUnit &&
        !unitChain(report.businessUnitId).includes(user.businessUnitId)
      )
        level = 0;
    } else if (user.positionId !== null) {
      let above = report.positionId;
      for (let up = 0; above !== null && up <= 10; up++) {
        if (above === user.positionId) {
          level = up;
          break;
        }
        above = directory.positions.find((one) => one.id === above)?.parentId ?? null;
      }
    }
    if (level === 0 || level > maxLevel) continue;
    if (
      level === 1
        ? !['read', 'write', 'append', 'appendTo'].includes(privilege)
        : privilege !== 'read'
    )
      continue;
    const theirs = (principal: string | null) =>
      principal === report.id ||
      directory.teams.some(
        (team) =>
          team.type === 'owner' && team.id === principal && team.memberIds.includes(report.id),
      );
    if (theirs(row.owner) || sharedTo(theirs)) return true;
  }
  return false;
}

/** The rows of a world in real SQLite, as the organization stores what access depends on. */
function databaseOf(world: SecurityWorld): DatabaseSync {
  const db = new DatabaseSync(':memory:');
  db.exec('CREATE TABLE row (id TEXT, tbl TEXT, owner TEXT, bu TEXT)');
  db.exec('CREATE TABLE "$share" (tbl TEXT, pk TEXT, principal TEXT, rights INTEGER)');
  for (const row of world.rows) {
    db.prepare('INSERT INTO row VALUES (?, ?, ?, ?)').run(
      row.id,
      row.table,
      row.owner,
      row.businessUnit,
    );
    for (const { principal, rights } of row.shares) {
      db.prepare('INSERT INTO "$share" VALUES (?, ?, ?, ?)').run(
        row.table,
        row.id,
        principal ?? '',
        accessRightsMask(rights),
      );
    }
  }
  return db;
}

test('D13, D14: the decision and the compiled row filter both say what a naive reading of the rules says', () => {
  const random = seededRandom(11);
  let cases = 0;
  const seen = new Map<string, number>();
  const wrong: unknown[] = [];
  for (let round = 0; round < rounds; round++) {
    const world = randomSecurityWorld(random);
    const db = databaseOf(world);
    for (const user of world.directory.users) {
      const context = buildSecurityContext(contextInput(world, user.id));
      expect(context === null).toBe(user.disabled);
      if (context === null) continue;
      for (const privilege of privileges) {
        for (const table of ['account', 'visit']) {
          const columns = { owner: 'r.owner', businessUnit: 'r.bu', id: 'r.id' };
          const { text, params } = accessPredicate(context, privilege, table, columns);
          const found = db
            .prepare(`SELECT id FROM row r WHERE tbl = ? AND ${text}`)
            .all(table, ...(params as string[]));
          const inFilter = new Set(found.map((row) => row['id']));
          for (const row of world.rows.filter((one) => one.table === table)) {
            const wanted = oracle(world, user.id, privilege, row);
            const decision = can(context, privilege, row);
            const filtered = inFilter.has(row.id);
            if (decision.allowed !== wanted || filtered !== wanted) {
              wrong.push({ wanted, decision, filtered, round, user, privilege, row });
            }
            const how = decision.allowed ? decision.by : decision.reason;
            seen.set(how, (seen.get(how) ?? 0) + 1);
            cases += 1;
          }
        }
      }
    }
    db.close();
  }
  expect(wrong.slice(0, 3)).toEqual([]);
  expect(cases).toBeGreaterThanOrEqual(10_000);
  // Every way to a row and both refusals really occurred.
  expect([...seen.keys()].sort()).toEqual([
    'businessUnit',
    'hierarchy',
    'noAccess',
    'noPrivilege',
    'organization',
    'owner',
    'share',
    'team',
  ]);
});
