import type { ServerRequest, ServerResponse } from '../http/message.ts';
import { HttpError } from '../server-error.ts';
import type { ReadTx, WriteTx } from '../store/server-store.ts';
import type { Caller, SyncEnv } from '../sync/sync-env.ts';
import { badAddress, parseAddress, webApiRoot } from './address.ts';
import { context, json, text } from './answers.ts';
import { runBatch } from './batch.ts';
import {
  type Operation,
  reads,
  type Scope,
  type WebApiHost,
  type WebApiRequest,
  writes,
} from './call.ts';
import { csdl } from './csdl.ts';
import { asHttpError, notFound } from './errors.ts';
import { metadataSets, readMetadata } from './metadata.ts';
import { tableOfSet } from './names.ts';
import { boundOperation, operationName, unboundAction, unboundFunction } from './operations.ts';
import { countSet, readProperty, readSet, readSingle } from './read-rows.ts';
import { readRequest } from './request.ts';
import { asksForChanges, countChanges, readChanges } from './track-changes.ts';
import { createRow, deleteRow, updateRow, writeProperty, writeReference } from './write-rows.ts';

/** Answers a request of the Web API. Throws `HttpError` for what is refused. */
export async function webApi(host: WebApiHost, request: ServerRequest): Promise<ServerResponse> {
  const root = rootOf(request);
  try {
    const path = request.url.replace(webApiRoot, '').replace(/^\//, '');
    if (path.split('?')[0] === '$batch') return await runBatch(host, root, request, carryOut);
    const call = readRequest(request, root);
    return await carryOut(host, call, path);
  } catch (error) {
    throw asHttpError(error);
  }
}

/** Runs one request: in its own transaction, or in the given one of its change set. */
export async function carryOut(
  host: WebApiHost,
  request: WebApiRequest,
  path: string,
  within?: { readonly tx: WriteTx; readonly caller: Caller },
): Promise<ServerResponse> {
  const scope = <Tx extends ReadTx>(tx: Tx, caller: Caller): Scope<Tx> => ({
    env: host.env,
    request,
    tx,
    caller,
  });
  if (within !== undefined) {
    const operation = understand(host.env, request, path);
    if (operation.kind === 'read') throw badAddress('A change set holds writes only.');
    return operation.run(scope(within.tx, within.caller));
  }
  return host.follow(() => {
    const operation = understand(host.env, request, path);
    return operation.kind === 'read'
      ? host.read((tx, caller) => operation.run(scope(tx, caller)))
      : host.write((tx, caller) => operation.run(scope(tx, caller)));
  });
}

/** Where the service is, as the caller sees it. */
function rootOf({ url, headers }: ServerRequest): string {
  const host = headers['host'] ?? '';
  const known = /^[\w.-]+(?::\d{1,5})?$|^\[[0-9a-fA-F:]+\](?::\d{1,5})?$/.test(host);
  const scheme = headers['x-forwarded-proto'] === 'https' ? 'https' : 'http';
  return `${scheme}://${known ? host : 'localhost'}${webApiRoot.exec(url)?.[0] ?? ''}`;
}

/** Finds what a request asks for. Throws the 404, 405 or 501 of what there is not. */
function understand(env: SyncEnv, { method }: WebApiRequest, path: string): Operation {
  const { segments, options } = parseAddress(path);
  const [first, second, third] = segments;
  if (segments.length > 8) throw badAddress('The address has too many parts.');
  const only = (...methods: readonly string[]) => {
    if (methods.includes(method)) return;
    const allow = methods.join(', ');
    throw new HttpError(405, 'outpost:method', `Use ${allow}.`, { allow });
  };
  if (first === undefined) {
    only('GET');
    return reads(async (scope) => json(serviceDocument(scope)));
  }
  if (first.name === '$metadata') {
    only('GET');
    return reads(async () => text(csdl(env.index), 'application/xml'));
  }
  if (metadataSets.has(first.name)) {
    only('GET');
    return reads((scope) => readMetadata(scope, segments, options));
  }
  const unbound = operationName(first.name) ?? first.name;
  const operation =
    method === 'GET' ? unboundFunction(unbound, first.args, options) : unboundAction(unbound);
  if (operation !== null && second === undefined) return operation;
  const table = tableOfSet(env.index, first.name);
  if (second === undefined) {
    if (first.args.kind === 'none') {
      only('GET', 'POST');
      if (method === 'POST') return writes((scope) => createRow(scope, table, options));
      return reads((scope) =>
        asksForChanges(scope, options)
          ? readChanges(scope, table, options)
          : readSet(scope, table, options),
      );
    }
    only('GET', 'PATCH', 'DELETE');
    if (method === 'GET') return reads((scope) => readSingle(scope, table, first.args, options));
    if (method === 'DELETE') return writes((scope) => deleteRow(scope, table, first.args));
    return writes((scope) => updateRow(scope, table, first.args, options));
  }
  const bound = operationName(second.name);
  if (bound !== null && third === undefined) {
    return boundOperation(method, table, first.args, bound, second.args, options);
  }
  if (first.args.kind === 'none') {
    if (second.name !== '$count' || third !== undefined)
      throw notFound(`There is nothing at "${path}".`);
    only('GET');
    return reads((scope) =>
      options['$deltatoken'] === undefined
        ? countSet(scope, table, options)
        : countChanges(scope, table, options),
    );
  }
  if (segments.length > 3) throw notFound(`There is nothing at "${path}".`);
  if (third === undefined) {
    only('GET', 'PUT', 'PATCH', 'DELETE');
    if (method === 'GET') {
      return reads((scope) => readProperty(scope, table, first.args, second.name, null, options));
    }
    return writes((scope) => writeProperty(scope, table, first.args, second.name));
  }
  if (third.name === '$ref') {
    only('GET', 'POST', 'PUT', 'DELETE');
    if (method !== 'GET') {
      return writes((scope) =>
        writeReference(scope, table, first.args, second.name, second.args, options),
      );
    }
  } else {
    if (third.name !== '$value' && third.name !== '$count')
      throw notFound(`There is nothing at "${path}".`);
    only('GET');
  }
  return reads((scope) => readProperty(scope, table, first.args, second.name, third.name, options));
}

function serviceDocument({ env, request }: Scope): unknown {
  return {
    '@odata.context': context(request.root, '').replace(/#$/, ''),
    value: env.model.tables.map(({ setName }) => ({
      name: setName,
      kind: 'EntitySet',
      url: setName,
    })),
  };
}
