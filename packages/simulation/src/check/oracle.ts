import {
  accessRightBits,
  buildSecurityContext,
  type Cell,
  can,
  type Directory,
  indexModel,
  isPolymorphic,
  type OfflineProfileItem,
  type PlannedTable,
  planProfile,
  privileges,
  profileLimits,
  type Role,
  type SecurityContext,
  type Share,
  type Table,
  withSystemTables,
} from '@outpost/model';
import type { ReadTx, ServerStore } from '@outpost/server';
import type { WatchedStore } from '../world/watched-store.ts';
import type { WorldApp } from '../world/world-spec.ts';

type Row = Readonly<Record<string, Cell>>;

/** Rights by store, as of its newest commit: asked for with every answer, and most answers follow no write. */
const known = new WeakMap<
  ServerStore,
  { readonly commits: number; readonly byUser: Map<string, Rights> }
>();

/** The same as `rightsOf`, from what was worked out before where nothing has been written since. */
export async function currentRights(
  store: WatchedStore,
  model: WorldApp['model'],
  userId: string,
  now: number,
): Promise<Rights> {
  // The audit of an answer is a commit too, but changes no rights; a minute may.
  const commits = store.businessCommits * 1e9 + Math.floor(now / 60_000);
  const last = known.get(store);
  const byUser = last?.commits === commits ? last.byUser : new Map<string, Rights>();
  if (last?.commits !== commits) known.set(store, { commits, byUser });
  const rights = byUser.get(userId) ?? (await rightsOf(store, model, userId, now));
  byUser.set(userId, rights);
  return rights;
}

/** What a user may read, and what belongs on the user's devices: by table, ids. */
export interface Rights {
  readonly readable: ReadonlyMap<string, ReadonlySet<string>>;
  /** Tables with a filter that the oracle does not read are absent. */
  readonly onDevice: ReadonlyMap<string, ReadonlySet<string>>;
}

/**
 * The rows a user's device must hold, worked out row by row from everything in the organization: no SQL conditions, no
 * log, no tokens, nothing that the server's own way shares but the decision about one row.
 */
export async function rightsOf(
  store: ServerStore,
  model: WorldApp['model'],
  userId: string,
  now: number,
): Promise<Rights> {
  return store.read(async (tx) => {
    const complete = withSystemTables(model);
    const index = indexModel(complete);
    const plan = planProfile(index, complete.profile, { limits: profileLimits.current });
    const planned = plan.kind === 'ok' ? plan.tables : [];
    const context = await contextOf(tx, userId);
    const readable = new Map<string, ReadonlySet<string>>();
    const onDevice = new Map<string, ReadonlySet<string>>();
    if (context === null) return { readable, onDevice };
    const rows = new Map<string, readonly Row[]>();
    for (const { table } of planned) {
      const definition = index.table(table);
      if (definition === undefined) continue;
      const all = await rowsOf(tx, definition, columnsRead(definition, planned));
      const shares = await sharesOf(tx, table);
      const mine = all.filter(
        (row) =>
          can(context, 'read', {
            table,
            ownership: definition.ownership,
            owner: text(row['$owner']),
            businessUnit: text(row['$bu']),
            shares: shares.get(String(row[definition.primaryId])) ?? [],
          }).allowed,
      );
      rows.set(table, mine);
      readable.set(table, new Set(mine.map((row) => String(row[definition.primaryId]))));
    }
    // Sources of related rows come first in the plan.
    for (const one of planned) {
      const definition = index.table(one.table);
      if (definition === undefined) continue;
      const unknown =
        isUnreadFilter(one.item) ||
        one.edges.some((edge) => !onDevice.has(edge.source) && edge.source !== one.table);
      if (unknown) continue;
      onDevice.set(
        one.table,
        new Set(
          (rows.get(one.table) ?? [])
            .filter((row) =>
              belongs(row, definition, one, context, rows, onDevice, index.table, now),
            )
            .map((row) => String(row[definition.primaryId])),
        ),
      );
    }
    return { readable, onDevice };
  });
}

function belongs(
  row: Row,
  table: Table,
  { item, edges }: PlannedTable,
  context: SecurityContext,
  rows: ReadonlyMap<string, readonly Row[]>,
  onDevice: ReadonlyMap<string, ReadonlySet<string>>,
  tableOf: (name: string) => Table | undefined,
  now: number,
): boolean {
  const owner = text(row['$owner']);
  const recent =
    item.days === undefined ||
    Date.parse(String(row['modifiedon'] ?? '')) >= now - item.days * 86_400_000;
  const isOwn =
    (item.mine === true && owner === context.userId) ||
    (item.myTeams === true && owner !== null && context.teamIds.includes(owner)) ||
    (item.myBusinessUnit === true && text(row['$bu']) === context.businessUnitId);
  if (recent && (item.criteria === 'all' || (item.criteria === 'other' && isOwn))) return true;
  if (item.criteria === 'custom' && matches(item, row)) return true;
  const id = String(row[table.primaryId]);
  return edges.some((edge) => {
    const sources = onDevice.get(edge.source) ?? new Set<string>();
    switch (edge.direction) {
      case 'child': {
        const { column } = edge.relationship;
        const target = text(row[`${column}$t`]);
        return (target === null || target === edge.source) && sources.has(String(row[column]));
      }
      case 'target': {
        const { column } = edge.relationship;
        const key = tableOf(edge.source)?.primaryId ?? '';
        return (rows.get(edge.source) ?? []).some(
          (one) => sources.has(String(one[key])) && one[column] === id,
        );
      }
      case 'pair':
        return (rows.get(edge.relationship.intersect) ?? []).some(
          (pair) => sources.has(String(pair[edge.sourceColumn])) && pair[edge.ownColumn] === id,
        );
      default:
        return edge satisfies never;
    }
  });
}

/** Column and value of a filter that is one comparison; null: it is more than that. */
function oneCondition(filter: string): readonly [column: string, value: string] | null {
  const [, condition, ...more] = filter.split('<condition ');
  if (condition === undefined || more.length > 0 || filter.includes('<link-entity')) return null;
  const match = /^attribute="(\w+)" operator="eq" value="([^"]*)"/.exec(condition);
  return match === null ? null : [match[1] ?? '', match[2] ?? ''];
}

function isUnreadFilter(item: OfflineProfileItem): boolean {
  return item.criteria === 'custom' && oneCondition(item.filter ?? '') === null;
}

function matches(item: OfflineProfileItem, row: Row): boolean {
  const [column = '', value = ''] = oneCondition(item.filter ?? '') ?? [];
  return String(row[column]) === value;
}

function text(cell: Cell | undefined): string | null {
  return cell === null || cell === undefined ? null : String(cell);
}

/** The cells that decide about a row: its key, its owner, its age, what filters test, and what relates it. */
function columnsRead(table: Table, plan: readonly PlannedTable[]): readonly string[] {
  const read = new Set([table.primaryId, '$owner', '$bu']);
  if (table.columns.some((column) => column.name === 'modifiedon')) read.add('modifiedon');
  for (const { item, edges } of plan) {
    const [column] = oneCondition(item.filter ?? '') ?? [];
    if (item.table === table.name && column !== undefined) read.add(column);
    for (const edge of edges) {
      if (edge.direction === 'pair') {
        if (edge.relationship.intersect !== table.name) continue;
        read.add(edge.sourceColumn);
        read.add(edge.ownColumn);
      } else if (edge.relationship.table === table.name) {
        read.add(edge.relationship.column);
        const lookup = table.columns.find((one) => one.name === edge.relationship.column);
        if (lookup !== undefined && isPolymorphic(lookup)) read.add(`${lookup.name}$t`);
      }
    }
  }
  return [...read];
}

async function rowsOf(tx: ReadTx, table: Table, slots: readonly string[]): Promise<readonly Row[]> {
  const rows = await tx.all(
    `SELECT ${slots.map((slot) => `"${slot}"`).join(', ')} FROM "${table.name}"`,
  );
  return rows.map((row) => Object.fromEntries(slots.map((slot, i) => [slot, row[i] ?? null])));
}

async function sharesOf(tx: ReadTx, table: string): Promise<ReadonlyMap<string, readonly Share[]>> {
  const shares = new Map<string, Share[]>();
  const rows = await tx.all('SELECT pk, principal, rights FROM "$share" WHERE tbl = ?', [table]);
  for (const [id, principal, mask] of rows) {
    const rights = privileges.filter((one) => (Number(mask) & accessRightBits[one]) !== 0);
    const share = { principal: principal === '' ? null : String(principal), rights };
    shares.set(String(id), [...(shares.get(String(id)) ?? []), share]);
  }
  return shares;
}

async function contextOf(tx: ReadTx, userId: string): Promise<SecurityContext | null> {
  const users = await tx.all('SELECT systemuserid, businessunitid, isdisabled FROM "systemuser"');
  const units = await tx.all('SELECT businessunitid, parentbusinessunitid FROM "businessunit"');
  const teams = await tx.all('SELECT teamid, businessunitid, teamtype FROM "team"');
  const members = await tx.all('SELECT teamid, systemuserid FROM "teammembership"');
  const directory: Directory = {
    users: users.map(([id, unit, disabled]) => ({
      id: String(id),
      businessUnitId: String(unit),
      managerId: null,
      positionId: null,
      disabled: disabled === 1,
    })),
    teams: teams.map(([id, unit, type]) => ({
      id: String(id),
      businessUnitId: String(unit),
      type: type === 1 ? 'access' : 'owner',
      memberIds: members.filter((one) => one[0] === id).map((one) => String(one[1])),
    })),
    businessUnits: units.map(([id, parent]) => ({
      id: String(id),
      parentId: text(parent),
    })),
    positions: [],
  };
  const held = async (intersect: string, column: string, id: string): Promise<readonly Role[]> => {
    const rows = await tx.all(`SELECT roleid FROM "${intersect}" WHERE ${column} = ?`, [id]);
    const all = await tx.all('SELECT id, json FROM "$role"');
    return all
      .filter(([role]) => rows.some(([one]) => one === role))
      .map(([, json]) => JSON.parse(String(json)) as Role);
  };
  const own = directory.teams.filter((team) => team.memberIds.includes(userId));
  const teamRoles = new Map<string, readonly Role[]>();
  for (const { id } of own) teamRoles.set(id, await held('teamroles', 'teamid', id));
  return buildSecurityContext({
    userId,
    directory,
    roles: await held('systemuserroles', 'systemuserid', userId),
    teamRoles,
    hierarchy: { model: 'off', depth: 1, excludedTables: [], sameOrParentBusinessUnit: false },
  });
}
