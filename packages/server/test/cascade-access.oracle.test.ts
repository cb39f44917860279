import {
  buildSecurityContext,
  type CascadeKind,
  type Depth,
  defineApp,
  defineTable,
  hierarchyOff,
  type ManyToOne,
  type Privilege,
  privileges,
  profileLimits,
  type Role,
  type SecurityContext,
} from '@outpost/model';
import { seededRandom } from '@outpost/testkit';
import { lengthOf } from '@outpost/vitest/length';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ServerStore } from '../src/index.ts';
import { publishApp } from '../src/published-app.ts';
import { readShares } from '../src/security/shares.ts';
import { createSchema } from '../src/store/physical-schema.ts';
import { Refusal } from '../src/write/refusal.ts';
import { RowWriter } from '../src/write/row-writer.ts';
import type { WriteEnv, Writer } from '../src/write/write-env.ts';
import { openStore } from './stores.ts';

const rounds = lengthOf('OUTPOST_ROUNDS', { short: 12, long: 300 });
const steps = 12;

function guid(head: string, n: number): string {
  return `${head}000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;
}

/** `line` has no owner of its own: it belongs to its `b`. */
const tables = ['a', 'b', 'c', 'line'] as const;
const all = (kind: CascadeKind): ManyToOne['cascade'] => ({
  ...{ assign: kind, delete: 'cascade', reparent: kind, share: kind, unshare: kind },
});
const points = (table: string, column: string, target: string, cascade: ManyToOne['cascade']) =>
  ({
    ...{ kind: 'manyToOne' as const, name: `${target}_${table}_${column}` },
    ...{ table, column, target, cascade },
  }) satisfies ManyToOne;
const relationships: readonly ManyToOne[] = [
  points('b', 'to_a', 'a', all('cascade')),
  points('b', 'to_b', 'b', { assign: 'userOwned', delete: 'removeLink', share: 'cascade' }),
  points('c', 'to_a', 'a', { assign: 'noCascade', delete: 'removeLink', unshare: 'cascade' }),
  points('c', 'to_b', 'b', { ...all('cascade'), assign: 'active' }),
  points('line', 'to_b', 'b', { assign: 'noCascade', delete: 'cascade' }),
  points('c', 'to_line', 'line', { assign: 'noCascade', delete: 'cascade' }),
];
const app = publishApp(
  defineApp({
    uniqueName: 't',
    tables: tables.map((name) =>
      defineTable({
        ...{ name, label: name, primaryName: null },
        ownership: name === 'line' ? 'none' : 'user',
        columns: Object.fromEntries(
          relationships
            .filter((one) => one.table === name)
            .map(({ column, target }) => [column, { type: 'lookup' as const, targets: [target] }]),
        ),
      }),
    ),
    relationships: [...relationships],
    profile: { id: 'p', name: 'p', items: [] },
  }),
  profileLimits.current,
);

const [ana, ben, cleo] = ['a0', 'b0', 'c0'].map((one) => guid(one, 1)) as [string, string, string];
const [north, south] = [guid('d0', 1), guid('d0', 2)];
const users: readonly string[] = [ana, ben, cleo];
const unitOf: Readonly<Record<string, string>> = { [ana]: north, [ben]: north, [cleo]: south };
type User = string;

interface Row {
  readonly table: string;
  owner: string | null;
  state: number;
  readonly links: Map<string, string>;
  readonly shares: Map<string, ReadonlySet<Privilege>>;
}
/** Rows by id; ids are of all tables together. */
type Rows = Map<string, Row>;
type Depths = Readonly<Record<string, Readonly<Record<Privilege, Depth>>>>;

class Denied extends Error {}

/** The organization once more, with nothing but loops: each rule as it is said in words. */
class Naive {
  readonly rows: Rows;
  readonly #depths: Readonly<Record<User, Depths>>;

  constructor(rows: Rows, depths: Readonly<Record<User, Depths>>) {
    this.rows = rows;
    this.#depths = depths;
  }

  /** Rows without an owner are their parent's. */
  #owner(row: Row): string | null {
    if (row.table !== 'line') return row.owner;
    const parent = this.rows.get(row.links.get('to_b') ?? '');
    return parent === undefined ? null : parent.owner;
  }

  may(user: User, right: Privilege, row: Row): boolean {
    const depth = this.#depths[user]?.[row.table]?.[right] ?? 0;
    if (depth === 0) return false;
    const owner = this.#owner(row);
    return (
      depth === 4 ||
      owner === user ||
      (depth === 2 && owner !== null && unitOf[owner] === unitOf[user]) ||
      row.shares.get(user)?.has(right) === true
    );
  }

  #demand(user: User, right: Privilege, row: Row | undefined): void {
    if (row === undefined || !this.may(user, right, row)) throw new Denied(right);
  }

  #children(id: string): readonly (readonly [string, Row, ManyToOne])[] {
    const table = this.rows.get(id)?.table;
    return relationships
      .filter((one) => one.target === table)
      .flatMap((one) =>
        [...this.rows]
          .filter(([, row]) => row.table === one.table && row.links.get(one.column) === id)
          .map(([child, row]) => [child, row, one] as const),
      );
  }

  delete(user: User, id: string): void {
    const root = this.rows.get(id);
    if (root === undefined) return;
    this.#demand(user, 'delete', root);
    const gone = new Set<string>();
    const visit = (one: string) => {
      if (gone.has(one)) return;
      gone.add(one);
      for (const [child, , { cascade }] of this.#children(one)) {
        if (cascade.delete === 'cascade') visit(child);
      }
    };
    visit(id);
    for (const one of gone) {
      const row = this.rows.get(one) as Row;
      if (one === id || row.table === 'line') continue;
      this.#demand(user, 'delete', row);
      this.#demand(user, 'read', row);
    }
    for (const one of gone) this.rows.delete(one);
    for (const row of this.rows.values()) {
      for (const [column, target] of row.links) if (gone.has(target)) row.links.delete(column);
    }
  }

  assign(user: User, id: string, to: User): void {
    const root = this.rows.get(id);
    this.#demand(user, 'write', root);
    if (root === undefined || root.owner === to) return;
    this.#demand(user, 'assign', root);
    const from = root.owner;
    root.owner = to;
    this.#assignBelow(user, id, from, to, new Set([id]));
  }

  #assignBelow(user: User, id: string, from: string | null, to: User, seen: Set<string>): void {
    for (const [child, row, { cascade }] of this.#children(id)) {
      const follows =
        cascade.assign === 'cascade' ||
        (cascade.assign === 'active' && row.state === 0) ||
        (cascade.assign === 'userOwned' && row.owner === from);
      if (!follows || row.owner === to || seen.has(child) || row.table === 'line') continue;
      this.#demand(user, 'assign', row);
      this.#demand(user, 'read', row);
      seen.add(child);
      const old = row.owner;
      row.owner = to;
      this.#assignBelow(user, child, old, to, seen);
    }
  }

  share(user: User, id: string, to: User, rights: readonly Privilege[]): void {
    const root = this.rows.get(id);
    for (const right of ['share', ...rights] as const) this.#demand(user, right, root);
    this.#shareBelow(user, id, to, rights, new Set());
  }

  #shareBelow(
    user: User,
    id: string,
    to: User,
    rights: readonly Privilege[],
    seen: Set<string>,
  ): void {
    if (seen.has(id)) return;
    seen.add(id);
    const { shares } = this.rows.get(id) as Row;
    if (rights.length === 0) shares.delete(to);
    else shares.set(to, new Set(rights));
    for (const [child, row, { cascade }] of this.#children(id)) {
      const action = rights.length === 0 ? cascade.unshare : cascade.share;
      if (row.table === 'line' || action !== 'cascade') continue;
      const given = rights.filter((right) => this.may(user, right, row));
      const left = given.length === 0 && rights.length > 0;
      if (left || !this.may(user, 'share', row) || !this.may(user, 'read', row)) continue;
      this.#shareBelow(user, child, to, given, seen);
    }
  }

  reparent(user: User, id: string, column: string, parent: string): void {
    const row = this.rows.get(id);
    this.#demand(user, 'write', row);
    if (row === undefined || row.links.get(column) === parent) return;
    this.#demand(user, 'appendTo', this.rows.get(parent));
    this.#demand(user, 'append', row);
    row.links.set(column, parent);
  }
}

type Step = (
  | { readonly do: 'delete' }
  | { readonly do: 'assign'; readonly to: User }
  | { readonly do: 'share'; readonly to: User; readonly rights: readonly Privilege[] }
  | { readonly do: 'reparent'; readonly column: string; readonly parent: string }
) & { readonly user: User; readonly id: string };

function draw(seed: number) {
  const random = seededRandom(seed);
  const pick = <Item>(list: readonly Item[]): Item =>
    list[Math.floor(random.next() * list.length)] as Item;
  const depths = Object.fromEntries(
    users.map((user) => [
      user,
      Object.fromEntries(
        tables.map((table) => [
          table,
          Object.fromEntries(privileges.map((one) => [one, pick([0, 1, 1, 2, 2, 4, 4] as const)])),
        ]),
      ),
    ]),
  ) as Readonly<Record<User, Depths>>;
  const rows: Rows = new Map();
  const idsOf = (table: string) => [...rows].filter(([, row]) => row.table === table);
  for (const [n, table] of [
    'a',
    'a',
    'b',
    'b',
    'b',
    'b',
    'line',
    'line',
    'c',
    'c',
    'c',
  ].entries()) {
    const links = new Map<string, string>();
    for (const { column, target } of relationships.filter((one) => one.table === table)) {
      const targets = idsOf(target);
      if (targets.length > 0 && (table === 'line' || random.next() < 0.6)) {
        links.set(column, pick(targets)[0]);
      }
    }
    rows.set(guid('00', n + 1), {
      ...{ table, links, state: pick([0, 1]), shares: new Map() },
      owner: table === 'line' ? null : pick(users),
    });
  }
  const ids = [...rows.keys()];
  const all: Step[] = [];
  for (let n = 0; n < steps; n++) {
    const user = pick(users);
    const id = pick(ids);
    const table = rows.get(id)?.table ?? '';
    const kind = pick(['share', 'share', 'assign', 'reparent', 'delete'] as const);
    if (kind === 'delete') all.push({ do: kind, user, id });
    if (kind === 'assign' && table !== 'line') all.push({ do: kind, user, id, to: pick(users) });
    if (kind === 'share') {
      const rights = random.next() < 0.25 ? [] : privileges.filter(() => random.next() < 0.4);
      const given = rights.filter((one) => one !== 'create');
      all.push({ do: kind, user, id, to: pick(users), rights: given });
    }
    if (kind === 'reparent') {
      const own = relationships.filter((one) => one.table === table);
      if (own.length === 0) continue;
      const { column, target } = pick(own);
      const parent = pick(idsOf(target))[0];
      all.push({ do: kind, user, id, column, parent });
    }
  }
  return { depths, rows, steps: all };
}

function contextOf(user: User, privilegesOf: Depths): SecurityContext {
  const role: Role = { id: 'r', name: 'Role', privileges: privilegesOf };
  const context = buildSecurityContext({
    userId: user,
    directory: {
      users: users.map((one) => ({
        ...{ id: one, businessUnitId: unitOf[one] ?? '', managerId: null, positionId: null },
        disabled: false,
      })),
      ...{ teams: [], positions: [] },
      businessUnits: [north, south].map((one) => ({ id: one, parentId: null })),
    },
    ...{ roles: [role], teamRoles: new Map(), hierarchy: hierarchyOff },
  });
  if (context === null) throw new Error(`${user} is unknown.`);
  return context;
}

let store: ServerStore;
beforeAll(async () => {
  store = openStore();
  await store.write(async (tx) => {
    await createSchema(tx, app.model, app.plan);
    const writer = new RowWriter(env, tx, { kind: 'system' });
    for (const one of users) {
      const set = { businessunitid: unitOf[one] ?? null, businessunitid$t: 'businessunit' };
      await writer.write({ op: 'create', table: 'systemuser', id: one, set });
    }
  });
});
afterAll(() => store.close());

const env: WriteEnv = {
  ...app,
  ...{ now: () => 0, random: seededRandom(1), maxDocumentBytes: 9 },
};
const ownerCells = (owner: string | null) =>
  owner === null ? {} : { ownerid: owner, ownerid$t: 'systemuser' };

/** The rows as they are stored, in the form of the naive ones. */
async function stored(): Promise<Rows> {
  return store.read(async (tx) => {
    const found: Rows = new Map();
    for (const table of tables) {
      const columns = relationships.filter((one) => one.table === table);
      const names = [...columns.map((one) => `"${one.column}"`), '"$owner"', '"$bu"'].join(', ');
      const rows = await tx.all(`SELECT "${table}id", statecode, ${names} FROM "${table}"`);
      for (const [id, state, ...rest] of rows) {
        const links = new Map<string, string>();
        columns.forEach(({ column }, i) => {
          if (rest[i] !== null) links.set(column, String(rest[i]));
        });
        const shares = await readShares(tx, table, String(id));
        const owner = rest.at(-2) === null ? null : String(rest.at(-2));
        found.set(String(id), {
          ...{ table, owner, links, state: Number(state) },
          shares: new Map(shares.map((one) => [one.principal ?? '', new Set(one.rights)])),
        });
      }
    }
    return found;
  });
}

async function run(rows: RowWriter, step: Step, table: string): Promise<void> {
  const { id } = step;
  switch (step.do) {
    case 'delete':
      await rows.write({ op: 'delete', table, id, set: {} });
      return;
    case 'assign':
      await rows.write({ op: 'update', table, id, set: ownerCells(step.to) });
      return;
    case 'share':
      await rows.share(table, id, step.to, step.rights);
      return;
    case 'reparent':
      await rows.write({ op: 'update', table, id, set: { [step.column]: step.parent } });
      return;
    default:
      step satisfies never;
  }
}

function runNaively(naive: Naive, step: Step): void {
  const { user, id } = step;
  switch (step.do) {
    case 'delete':
      return naive.delete(user, id);
    case 'assign':
      return naive.assign(user, id, step.to);
    case 'share':
      return naive.share(user, id, step.to, step.rights);
    case 'reparent':
      return naive.reparent(user, id, step.column, step.parent);
    default:
      return step satisfies never;
  }
}

const copyOf = (rows: Rows): Rows => structuredClone(rows);
const sorted = (rows: Rows) =>
  [...rows].sort(([one], [two]) => (one < two ? -1 : 1)).map(([id, row]) => ({ id, ...row }));

test('O04d: shared, assigned, reparented and deleted by users of different rights, rows are what a naive reading of the rules makes of them', async () => {
  const met = new Map<string, number>();
  for (let seed = 1; seed <= rounds; seed++) {
    const world = draw(seed);
    await store.write(async (tx) => {
      for (const table of [...tables, '$share']) await tx.run(`DELETE FROM "${table}"`);
      const writer = new RowWriter(env, tx, { kind: 'system' });
      for (const [id, { table, owner, state, links }] of world.rows) {
        const set = { ...ownerCells(owner), ...Object.fromEntries(links), statecode: state };
        await writer.write({ op: 'create', table, id, set });
      }
    });
    let expected = world.rows;
    for (const step of world.steps) {
      const naive = new Naive(copyOf(expected), world.depths);
      const table = expected.get(step.id)?.table;
      const gone = step.do === 'reparent' && !expected.has(step.parent);
      if (table === undefined || gone) continue;
      let refused = false;
      try {
        runNaively(naive, step);
        expected = naive.rows;
      } catch (error) {
        if (!(error instanceof Denied)) throw error;
        refused = true;
      }
      const context = contextOf(step.user, world.depths[step.user] ?? {});
      const writer: Writer = { kind: 'user', context, name: step.user };
      let answer: unknown = null;
      try {
        await store.write((tx) => run(new RowWriter(env, tx, writer), step, table));
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        answer = error.message;
      }
      const told = JSON.stringify({ seed, step, answer });
      expect(answer !== null, told).toBe(refused);
      // Rows without an owner of their own have their parent's.
      for (const row of expected.values()) {
        if (row.table !== 'line') continue;
        row.owner = expected.get(row.links.get('to_b') ?? '')?.owner ?? null;
      }
      const now = await stored();
      expect(sorted(now), told).toEqual(sorted(expected));
      const key = `${step.do} ${refused ? 'refused' : 'done'}`;
      met.set(key, (met.get(key) ?? 0) + 1);
    }
  }
  expect([...met.keys()].sort()).toEqual(
    ['assign', 'delete', 'reparent', 'share'].flatMap((one) => [`${one} done`, `${one} refused`]),
  );
});
