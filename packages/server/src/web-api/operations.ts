import {
  accessRightBits,
  type Depth,
  dataverseErrors,
  depthNames,
  type Privilege,
  parseGuid,
  privileges,
  qualifyLead,
  type Table,
  valuesToCells,
} from '@outpost/model';
import { parseJson } from '../http/json.ts';
import type { ServerResponse } from '../http/message.ts';
import { readUserSecurity } from '../security/security-context.ts';
import { readShares } from '../security/shares.ts';
import { HttpError } from '../server-error.ts';
import type { WriteTx } from '../store/server-store.ts';
import { readState } from '../store/state.ts';
import { readableValues } from '../view/readable-values.ts';
import { decide, demand } from '../write/demand.ts';
import { readRow, rowValues } from '../write/row-access.ts';
import { type AddressArguments, badAddress } from './address.ts';
import { context, empty, json } from './answers.ts';
import { type Operation, reads, rowAddress, type Scope, writes } from './call.ts';
import { definitionId } from './definition-id.ts';
import { forbidden, notSupported } from './errors.ts';
import { resolveReference } from './keys.ts';
import { readById } from './read-rows.ts';
import { readRowBody } from './row-body.ts';
import { countRows, odataRowQuery } from './row-query.ts';
import { create, existing, update, upsert, writerOf } from './write-rows.ts';

type Parameters = Readonly<Record<string, unknown>>;
type Run<S> = (scope: S, given: Parameters) => Promise<ServerResponse>;

/** Functions of the service: `GET WhoAmI`. */
const functions: Readonly<Record<string, Run<Scope>>> = {
  WhoAmI: async ({ caller, request, tx }) =>
    json({
      '@odata.context': context(request.root, `${namespace}WhoAmIResponse`),
      BusinessUnitId: caller.context.businessUnitId,
      UserId: caller.context.userId,
      OrganizationId: await readState(tx, 'organization'),
    }),
  RetrieveVersion: async ({ request }) =>
    json({
      '@odata.context': context(request.root, `${namespace}RetrieveVersionResponse`),
      Version: '9.2.0.0',
    }),
  RetrieveTotalRecordCount: totalRecordCount,
};

/** Functions of a user: `GET systemusers(...)/Microsoft.Dynamics.CRM.RetrievePrincipalAccess(Target=@t)`. */
const userFunctions: Readonly<
  Record<string, (scope: Scope, id: string, given: Parameters) => Promise<ServerResponse>>
> = {
  RetrievePrincipalAccess: principalAccess,
  RetrieveUserPrivileges: userPrivileges,
};

/** Actions of the service: `POST GrantAccess`. */
const actions: Readonly<Record<string, Run<Scope<WriteTx>>>> = {
  GrantAccess: (scope, given) => share(scope, given, 'add'),
  ModifyAccess: (scope, given) => share(scope, given, 'replace'),
  RevokeAccess: (scope, given) => share(scope, given, 'end'),
};

/** Actions of a set: `POST accounts/Microsoft.Dynamics.CRM.CreateMultiple`. */
const setActions: Readonly<
  Record<
    string,
    (scope: Scope<WriteTx>, table: Table, targets: readonly unknown[]) => Promise<ServerResponse>
  >
> = {
  CreateMultiple: createMultiple,
  UpdateMultiple: updateMultiple,
  UpsertMultiple: upsertMultiple,
};

const namespace = 'Microsoft.Dynamics.CRM.';
const mostTargets = 1000;

/** Without the namespace; null: it is no operation's name. */
export function operationName(segment: string): string | null {
  return segment.startsWith(namespace) ? segment.slice(namespace.length) : null;
}

/** A function of the service. Null: there is none of that name. */
export function unboundFunction(
  name: string,
  args: AddressArguments,
  options: Readonly<Record<string, string>>,
): Operation | null {
  const run = own(functions, name);
  return run === undefined ? null : reads((scope) => run(scope, parameters(args, options)));
}

export function unboundAction(name: string): Operation | null {
  const run = own(actions, name);
  return run === undefined ? null : writes((scope) => run(scope, bodyOf(scope)));
}

/** An operation of a set or a row. Throws the 501 of one that is not offered. */
export function boundOperation(
  method: string,
  table: Table,
  row: AddressArguments,
  name: string,
  args: AddressArguments,
  options: Readonly<Record<string, string>>,
): Operation {
  if (method === 'GET' && table.name === 'systemuser' && row.kind === 'id') {
    const run = own(userFunctions, name);
    const given = parameters(args, options);
    if (run !== undefined) return reads((scope) => run(scope, row.id, given));
  }
  if (method === 'POST' && row.kind === 'none') {
    const run = own(setActions, name);
    if (run !== undefined) return writes((scope) => run(scope, table, targetsOf(scope)));
  }
  if (method === 'POST' && table.name === 'lead' && name === 'QualifyLead') {
    return writes((scope) => qualify(scope, table, row));
  }
  throw notSupported(`The operation "${name}"`);
}

function own<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

/** Values in parentheses; `@p` stands for a query option. Those that are JSON are read as such. */
function parameters(args: AddressArguments, options: Readonly<Record<string, string>>): Parameters {
  if (args.kind !== 'named') return {};
  return Object.fromEntries(
    [...args.values].map(([name, { text, quoted }]) => {
      const value = !quoted && text.startsWith('@') ? (options[text] ?? '') : text;
      if (!/^[[{]/.test(value)) return [name, value.replace(/^'(.*)'$/s, '$1')];
      return [name, jsonOf(name, value)];
    }),
  );
}

function jsonOf(name: string, text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    throw badAddress(`${name} is not JSON, or nested too deeply.`);
  }
}

function bodyOf({ request }: Scope): Parameters {
  const { body } = request;
  if (body === undefined) return {};
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as Parameters;
  throw badAddress('Parameters come as a JSON object.');
}

function targetsOf(scope: Scope): readonly unknown[] {
  const targets = bodyOf(scope)['Targets'];
  if (!Array.isArray(targets) || targets.length === 0) {
    throw badAddress('Targets is an array of rows.');
  }
  if (targets.length > mostTargets) throw badAddress(`At most ${mostTargets} rows at a time.`);
  return targets as readonly unknown[];
}

async function totalRecordCount(scope: Scope, given: Parameters): Promise<ServerResponse> {
  const names = given['EntityNames'];
  if (!Array.isArray(names)) throw badAddress('EntityNames is an array of table names.');
  const counts: number[] = [];
  for (const name of names as readonly unknown[]) {
    const table = scope.env.index.table(String(name));
    if (table === undefined) {
      throw new HttpError(
        404,
        dataverseErrors.unknownTable,
        `Table "${String(name)}" does not exist.`,
      );
    }
    counts.push(await countRows(scope, odataRowQuery(scope, table, { $count: 'true' })));
  }
  return json({
    '@odata.context': context(scope.request.root, `${namespace}RetrieveTotalRecordCountResponse`),
    EntityRecordCountCollection: {
      Count: counts.length,
      IsReadOnly: false,
      Keys: names,
      Values: counts,
    },
  });
}

/** What a user may do with a row. */
async function principalAccess(
  scope: Scope,
  userId: string,
  given: Parameters,
): Promise<ServerResponse> {
  const target = await rowOf(scope, given['Target'], 'Target');
  // Only of rows that the caller may read.
  await readById(scope, target.table, target.id, { $select: target.table.primaryId });
  const row = await readRow(scope.tx, target.table, target.id);
  const security = await readUserSecurity(scope.tx, userId, scope.env.index);
  const rights: Privilege[] = [];
  if (row !== null && security !== null) {
    const writer = { kind: 'user', context: security.context, name: security.name } as const;
    const asking = { env: scope.env, tx: scope.tx, writer };
    for (const one of privileges) {
      const { allowed } = await decide(asking, one, target.table, row, target.id);
      if (allowed) rights.push(one);
    }
  }
  return json({
    '@odata.context': context(scope.request.root, `${namespace}RetrievePrincipalAccessResponse`),
    AccessRights: rights.length === 0 ? 'None' : rights.map(rightName).join(', '),
  });
}

/** The caller's own privileges, by the names that roles have for them. */
async function userPrivileges(scope: Scope, userId: string): Promise<ServerResponse> {
  if (userId !== scope.caller.context.userId) {
    throw forbidden('Privileges of other users are not told.');
  }
  const granted = Object.entries(scope.caller.privileges).flatMap(([table, depths]) =>
    Object.entries(depths).flatMap(([privilege, depth]) =>
      depth === 0 ? [] : [rolePrivilege(table, privilege as Privilege, depth)],
    ),
  );
  return json({
    '@odata.context': context(scope.request.root, `${namespace}RetrieveUserPrivilegesResponse`),
    RolePrivileges: granted,
  });

  function rolePrivilege(table: string, privilege: Privilege, depth: Exclude<Depth, 0>) {
    const name = `prv${privilege.charAt(0).toUpperCase()}${privilege.slice(1)}${table}`;
    return {
      Depth: depthNames[depth],
      PrivilegeId: definitionId('privilege', name),
      BusinessUnitId: scope.caller.context.businessUnitId,
      PrivilegeName: name,
    };
  }
}

/** `ReadAccess`, `AppendToAccess`. */
function rightName(privilege: Privilege): string {
  return `${privilege.charAt(0).toUpperCase()}${privilege.slice(1)}Access`;
}

function rightsOf(mask: unknown): readonly Privilege[] {
  if (typeof mask === 'number') {
    return privileges.filter((one) => (mask & accessRightBits[one]) !== 0);
  }
  const names = String(mask ?? '')
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '' && one !== 'None');
  return names.map((name) => {
    const found = privileges.find((one) => rightName(one) === name);
    if (found === undefined) throw badAddress(`"${name}" is no access right.`);
    return found;
  });
}

async function share(
  scope: Scope<WriteTx>,
  given: Parameters,
  how: 'add' | 'replace' | 'end',
): Promise<ServerResponse> {
  const target = await rowOf(scope, given['Target'], 'Target');
  const access = (given['PrincipalAccess'] ?? {}) as Parameters;
  const principal =
    how === 'end'
      ? await rowOf(scope, given['Revokee'], 'Revokee')
      : await rowOf(scope, access['Principal'], 'Principal');
  if (principal.table.name !== 'systemuser' && principal.table.name !== 'team') {
    throw badAddress('Rows are shared with users and teams.');
  }
  await existing(scope, principal.table, { kind: 'id', id: principal.id });
  const wanted = how === 'end' ? [] : rightsOf(access['AccessMask']);
  const held =
    how === 'add'
      ? (await readShares(scope.tx, target.table.name, target.id))
          .filter((one) => one.principal === principal.id)
          .flatMap((one) => one.rights)
      : [];
  const rights = [...new Set([...held, ...wanted])];
  await writerOf(scope).share(target.table.name, target.id, principal.id, rights);
  return empty();
}

/** A row as parameters name it: by its address, or by its key and type. */
async function rowOf(
  scope: Scope,
  given: unknown,
  parameter: string,
): Promise<{ readonly table: Table; readonly id: string }> {
  if (typeof given !== 'object' || given === null) throw badAddress(`${parameter} is a row.`);
  const values = given as Parameters;
  const address = values['@odata.id'];
  if (typeof address === 'string') return resolveReference(scope, address);
  const type = String(values['@odata.type'] ?? '').replace(/^#?Microsoft\.Dynamics\.CRM\./, '');
  const { index } = scope.env;
  const table =
    index.table(type) ??
    index.model.tables.find(
      (one) => one.isIntersect !== true && typeof values[one.primaryId] === 'string',
    );
  const id = table === undefined ? null : parseGuid(String(values[table.primaryId] ?? ''));
  if (table === undefined || id === null) {
    throw badAddress(`${parameter} names no row: give its key and @odata.type.`);
  }
  return { table, id };
}

async function createMultiple(
  scope: Scope<WriteTx>,
  table: Table,
  targets: readonly unknown[],
): Promise<ServerResponse> {
  const writer = writerOf(scope);
  const ids: string[] = [];
  for (const one of targets) {
    ids.push(await create(scope, writer, table, await readRowBody(scope, table, one)));
  }
  return json({
    '@odata.context': context(scope.request.root, `${namespace}CreateMultipleResponse`),
    Ids: ids,
  });
}

async function updateMultiple(
  scope: Scope<WriteTx>,
  table: Table,
  targets: readonly unknown[],
): Promise<ServerResponse> {
  const writer = writerOf(scope);
  for (const one of targets) {
    const body = await readRowBody(scope, table, one);
    const id = await existing(scope, table, keyIn(table, body.id, one));
    await update(scope, writer, table, id, body);
  }
  return empty();
}

async function upsertMultiple(
  scope: Scope<WriteTx>,
  table: Table,
  targets: readonly unknown[],
): Promise<ServerResponse> {
  const writer = writerOf(scope);
  const results: unknown[] = [];
  for (const one of targets) {
    const body = await readRowBody(scope, table, one);
    const key = keyIn(table, body.id, one);
    const rules = { mayCreate: true, mayUpdate: true };
    const { id, created } = await upsert(scope, writer, table, key, body, rules);
    results.push({ RecordCreated: created, Target: { '@odata.id': rowAddress(scope, table, id) } });
  }
  return json({
    '@odata.context': context(scope.request.root, `${namespace}UpsertMultipleResponse`),
    Results: results,
  });
}

function keyIn(table: Table, id: string | null, target: unknown): AddressArguments {
  const address = (target as Parameters | null)?.['@odata.id'];
  const named = typeof address === 'string' ? /\(([^()]*)\)$/.exec(address)?.[1] : undefined;
  const found = id ?? (named === undefined ? null : parseGuid(named));
  if (found === null) throw badAddress(`A row needs ${table.primaryId} here.`);
  return { kind: 'id', id: found };
}

async function qualify(
  scope: Scope<WriteTx>,
  table: Table,
  args: AddressArguments,
): Promise<ServerResponse> {
  const { env, tx, caller } = scope;
  const id = await existing(scope, table, args);
  const row = await readRow(tx, table, id);
  if (row === null) throw badAddress('The lead is gone.');
  const writer = { kind: 'user', context: caller.context, name: caller.name } as const;
  await demand({ env, tx, writer }, 'read', table, row, id);
  const given = bodyOf(scope);
  const option = (name: string) => given[name] !== false;
  const plan = qualifyLead(
    {
      index: env.index,
      table: table.name,
      id,
      // What the caller may not read goes into no other row.
      values: readableValues(caller.context, table, rowValues(table, row)),
      newId: () => env.ids.next(),
      read: () => null,
    },
    {
      account: option('CreateAccount'),
      contact: option('CreateContact'),
      opportunity: option('CreateOpportunity'),
    },
  );
  if (plan.kind === 'refused') throw new HttpError(400, plan.code, plan.message);
  const rows = writerOf(scope);
  const made: unknown[] = [];
  for (const intent of plan.intents) {
    const definition = env.index.table(intent.table);
    if (definition === undefined) continue;
    const set = valuesToCells(definition, intent.values);
    await rows.write({ op: intent.op, table: intent.table, id: intent.id, set });
    if (intent.op !== 'create') continue;
    made.push({
      '@odata.type': `#${namespace}${intent.table}`,
      [definition.primaryId]: intent.id,
    });
  }
  return json({
    '@odata.context': context(
      scope.request.root,
      'Collection(Microsoft.Dynamics.CRM.crmbaseentity)',
    ),
    value: made,
  });
}
