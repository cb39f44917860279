import type { AppModel, LookupValue, OfflineProfileItem, TablePrivileges } from '@outpost/model';
import { pick } from './action-context.ts';
import { columnOf } from './column-names.ts';
import type { ServerAction } from './decision.ts';
import type { Place } from './places.ts';
import { reshaped } from './reshape.ts';
import type { SimServer } from './sim-server.ts';
import type { WorldApp } from './world-spec.ts';

export interface ServerContext {
  readonly app: WorldApp;
  readonly places: readonly Place[];
  now(): number;
  /** A text that only the organization writes. */
  text(): string;
  /** Decides what is drawn inside an action. */
  draw(label: string): number;
}

/** Does what other users, administrators and faults do in the organization. What is impossible now does nothing. */
export async function actOnServer(
  server: SimServer,
  action: ServerAction,
  context: ServerContext,
): Promise<void> {
  const { organization } = server;
  const user = () => pick(context.app.webUsers, context.draw('user')) ?? '';
  const place = 'table' in action ? placeOf(context, action.table) : undefined;
  // What a user may not do is refused, as it should be.
  const refused = () => undefined;
  switch (action.do) {
    case 'web': {
      if (place === undefined) return;
      const { name, primaryName } = place.table;
      const session = organization.as(user());
      const base = pick(place.columns, action.column) ?? '';
      const column = columnOf(server.model, name, base)?.name;
      if (column === undefined) return;
      if (action.op === 'create') {
        const id = idOf(context.draw('id'), context.draw('id2'));
        const named = primaryName === null ? {} : { [primaryName]: 'From the web' };
        const values = { ...named, [column]: context.text() };
        return session.create({ table: name, id, values }).catch(refused);
      }
      const id = await rowOf(server, place, action.row);
      if (id === null) return;
      if (action.op === 'delete') return session.delete(name, id).catch(refused);
      const values = { [column]: context.text() };
      return session.update({ table: name, id, values }).catch(refused);
    }
    case 'assign': {
      const id = place === undefined ? null : await rowOf(server, place, action.row);
      const to = pick([...context.app.users, ...context.app.webUsers], action.to);
      if (place === undefined || id === null || to === undefined) return;
      const ownerid: LookupValue = { table: 'systemuser', id: to };
      const row = { table: place.table.name, id, values: { ownerid } };
      return organization.as(user()).update(row).catch(refused);
    }
    case 'share': {
      const id = place === undefined ? null : await rowOf(server, place, action.row);
      const to = pick(context.app.users, action.to);
      if (place === undefined || id === null || to === undefined) return;
      const rights = action.on ? (['read', 'write'] as const) : [];
      return organization.as(user()).share(place.table.name, id, to, rights).catch(refused);
    }
    case 'role': {
      const role = pick(context.app.model.roles, action.role);
      if (role === undefined) return;
      const own = role.privileges[action.table] ?? {};
      const { depth } = action;
      const changed: TablePrivileges = depth === null ? own : { ...own, read: depth, write: depth };
      return organization.setRole({
        ...role,
        privileges: { ...role.privileges, [action.table]: changed },
      });
    }
    case 'profile': {
      const model = changedProfile(server.model, context.app.model, action);
      return model === null ? undefined : server.publish(model).catch(refused);
    }
    case 'column':
      return server.publish(withColumn(server.model, action.table)).catch(refused);
    case 'reshape': {
      const model = place === undefined ? null : reshaped(server.model, place, action);
      return model === null ? undefined : server.publish(model).catch(refused);
    }
    case 'policy':
      return organization.setConflictPolicy(action.policy);
    case 'prune':
      return void (await organization.pruneLog(context.now() + 1));
    case 'newFeed':
      return organization.newFeed();
    case 'restartServer':
      return server.start();
    case 'refuse':
      server.refusing = { status: action.status, until: context.now() + action.ms };
      return;
    default:
      return action satisfies never;
  }
}

function placeOf({ places }: ServerContext, table: string): Place | undefined {
  return places.find((one) => one.table.name === table);
}

async function rowOf(server: SimServer, { table }: Place, at: number): Promise<string | null> {
  const rows = await server.store.read((tx) =>
    tx.all(`SELECT "${table.primaryId}" FROM "${table.name}" ORDER BY 1`),
  );
  const row = pick(rows, at);
  return row === undefined ? null : String(row[0]);
}

function idOf(high: number, low: number): string {
  const hex = (value: number) =>
    Math.floor(value * 0x1_0000_0000)
      .toString(16)
      .padStart(8, '0');
  const [a, b] = [hex(high), hex(low)];
  return `${a}-${b.slice(0, 4)}-4${b.slice(5)}-9000-0000${a}`;
}

function changedProfile(
  model: AppModel,
  original: AppModel,
  { table, change }: Extract<ServerAction, { readonly do: 'profile' }>,
): AppModel | null {
  const first = original.profile.items.find((item) => item.table === table);
  if (first === undefined) return null;
  const { mine: _m, myTeams: _t, myBusinessUnit: _b, filter: _f, ...rest } = first;
  const changed: Readonly<Record<typeof change, OfflineProfileItem | null>> = {
    all: { ...rest, criteria: 'all' },
    mine: { ...rest, criteria: 'other', mine: true },
    out: null,
    back: first,
  };
  const item = changed[change];
  const others = model.profile.items.filter((one) => one.table !== table);
  const kept = original.profile.items.flatMap((one) => {
    if (one.table === table) return item === null ? [] : [item];
    return others.filter((other) => other.table === one.table);
  });
  return { ...model, profile: { ...model.profile, items: kept } };
}

/** The app with one more column in a table. */
function withColumn(model: AppModel, name: string): AppModel {
  return {
    ...model,
    tables: model.tables.map((table) => {
      if (table.name !== name) return table;
      const count = table.columns.filter((column) => column.name.startsWith('new_sim')).length;
      const column = {
        name: `new_sim${count}`,
        label: `Simulated ${count}`,
        type: 'string',
        required: 'none',
        maxLength: 100,
      } as const;
      return { ...table, columns: [...table.columns, column] };
    }),
  };
}
