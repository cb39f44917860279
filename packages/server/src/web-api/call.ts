import type { Table } from '@outpost/model';
import type { ServerRequest, ServerResponse } from '../http/message.ts';
import type { ReadTx, WriteTx } from '../store/server-store.ts';
import type { Caller, SyncEnv } from '../sync/sync-env.ts';
import type { Preferences } from './preferences.ts';

/** A request of the Web API, as its handlers see it. */
export interface WebApiRequest {
  readonly method: string;
  readonly headers: ServerRequest['headers'];
  readonly prefer: Preferences;
  /** The JSON of the body; undefined: there is none. */
  readonly body: unknown;
  /** Absolute address of the service, such as `https://org.example/api/data/v9.2`. */
  readonly root: string;
}

/** Where and for whom a request is carried out. */
export interface Scope<Tx extends ReadTx = ReadTx> {
  readonly env: SyncEnv;
  readonly tx: Tx;
  readonly caller: Caller;
  readonly request: WebApiRequest;
}

/** A request that has been understood. Writes of a change set run in one transaction. */
export type Operation =
  | { readonly kind: 'read'; readonly run: (scope: Scope) => Promise<ServerResponse> }
  | { readonly kind: 'write'; readonly run: (scope: Scope<WriteTx>) => Promise<ServerResponse> };

export function reads(run: (scope: Scope) => Promise<ServerResponse>): Operation {
  return { kind: 'read', run };
}

export function writes(run: (scope: Scope<WriteTx>) => Promise<ServerResponse>): Operation {
  return { kind: 'write', run };
}

/** Address of a row. */
export function rowAddress({ request }: Pick<Scope, 'request'>, table: Table, id: string): string {
  return `${request.root}/${table.setName}(${id})`;
}

/** What a Web API request is carried out with. */
export interface WebApiHost {
  readonly env: SyncEnv;
  /** Runs something again, with another `env`, where other definitions have been published meanwhile. */
  follow<T>(run: () => Promise<T>): Promise<T>;
  /** Runs a request in a transaction of its own, for the caller as of then. */
  read<T>(fn: (tx: ReadTx, caller: Caller) => Promise<T>): Promise<T>;
  write<T>(fn: (tx: WriteTx, caller: Caller) => Promise<T>): Promise<T>;
}
