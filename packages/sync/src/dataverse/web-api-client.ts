import { describe, errorBody, failed, otherUser, parseJson, statusClass } from '../http/failure.ts';
import { foreignAnswer, retryAfterOf } from '../http/foreign.ts';
import { sendAgain } from '../http/send-again.ts';
import type { Failure, TokenSource } from '../transport.ts';
import {
  type BatchAnswer,
  type BatchRequest,
  batchType,
  parseBatch,
  writeBatch,
} from './multipart.ts';
import { isOwnAnswer } from './own-answer.ts';

export interface WebApiClientOptions {
  /** Address of the organization, e.g. `https://org.crm.dynamics.com`. */
  readonly url: string;
  readonly tokens: TokenSource;
  /** Default: the platform's `fetch`. */
  readonly fetch?: typeof fetch;
}

/** A request that has no usable answer; carries the failure that the cycle gets. */
export class WebApiFailure extends Error {
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(failure.message);
    this.failure = failure;
  }
}

interface Sent {
  readonly status: number;
  readonly text: string;
  readonly json: unknown;
  readonly retryAfterMs: number | null;
  /** Something on the way has answered, not the organization. */
  readonly isForeign: boolean;
}

export type Json = Readonly<Record<string, unknown>>;

const path = '/api/data/v9.2';
/** Requests in one batch. */
const mostParts = 100;
const annotations =
  'odata.include-annotations="OData.Community.Display.V1.FormattedValue,Microsoft.Dynamics.CRM.lookuplogicalname,Microsoft.Dynamics.CRM.fetchxmlpagingcookie,Microsoft.Dynamics.CRM.morerecords"';

/** The answer to `WhoAmI`. */
export interface WhoAmI {
  readonly userId: string;
  readonly businessUnitId: string;
  readonly organizationId: string | null;
}

/** Requests of one user to a Dataverse Web API: none is made with a token of another one. */
export class WebApiClient {
  readonly #options: WebApiClientOptions;
  readonly #waiting: {
    readonly address: string;
    readonly resolve: (answer: BatchAnswer) => void;
    readonly reject: (error: unknown) => void;
  }[] = [];
  /** Bytes of the answers since they were taken. */
  #bytes = 0;
  /** Whose the newest token is. */
  #caller: { readonly token: string; readonly who: WhoAmI } | null = null;
  /** Whom requests are made for; null: whoever is signed in. */
  #user: string | null = null;

  constructor(options: WebApiClientOptions) {
    this.#options = options;
  }

  takeBytes(): number {
    const bytes = this.#bytes;
    this.#bytes = 0;
    return bytes;
  }

  /** The JSON of an address. Throws `WebApiFailure` for any other answer than 200. */
  async get(address: string, signal?: AbortSignal, prefer: string = annotations): Promise<Json> {
    const absolute = /^https?:/.test(address) ? address : this.#absolute(address);
    const sent = await this.#send('GET', absolute, { prefer }, null, true, signal);
    const { status, json } = sent;
    if (status === 200 && typeof json === 'object' && json !== null) return json as Json;
    throw faultOf(sent);
  }

  /** From now on requests are this user's; with the token of anybody else they fail. */
  actFor(user: string | null): void {
    this.#user = user;
  }

  /** Who is signed in, as of now. */
  async whoAmI(signal?: AbortSignal): Promise<WhoAmI> {
    let used = '';
    const sent = await this.#signedIn((token) => {
      used = token;
      return this.#askWho(token, signal);
    });
    const who = readWhoAmI(sent);
    this.#caller = { token: used, who };
    this.#demandSame(who);
    return who;
  }

  /** Answers a read, whatever its status. Reads that are asked for at the same time travel together. */
  read(address: string, signal?: AbortSignal): Promise<BatchAnswer> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ address, resolve, reject });
      if (this.#waiting.length === 1) void Promise.resolve().then(() => this.#flush(signal));
    });
  }

  async #flush(signal: AbortSignal | undefined): Promise<void> {
    // Whoever goes on in the same turn may ask too.
    await Promise.resolve();
    const waiting = this.#waiting.splice(0);
    for (let at = 0; at < waiting.length; at += mostParts) {
      const some = waiting.slice(at, at + mostParts);
      const requests = some.map(
        ({ address }): BatchRequest => ({
          method: 'GET',
          path: address,
          headers: { Prefer: annotations },
        }),
      );
      try {
        const answers = await this.#batch(requests, false, signal);
        some.forEach(({ resolve, reject }, i) => {
          const answer = answers[i];
          if (answer === undefined) reject(fault({ status: 200, json: undefined }));
          else resolve(answer);
        });
      } catch (error) {
        for (const { reject } of some) reject(error);
      }
    }
  }

  /** Writes that are carried out as one. A single answer above 399: none of them was. */
  async writeAll(
    requests: readonly BatchRequest[],
    signal?: AbortSignal,
  ): Promise<readonly BatchAnswer[]> {
    return this.#batch(requests, true, signal);
  }

  #absolute(address: string): string {
    return `${this.#options.url.replace(/\/$/, '')}${path}/${address}`;
  }

  async #batch(
    requests: readonly BatchRequest[],
    isChangeSet: boolean,
    signal?: AbortSignal,
  ): Promise<readonly BatchAnswer[]> {
    const body = writeBatch(requests, path, isChangeSet);
    const headers = {
      'content-type': batchType,
      ...(isChangeSet ? {} : { prefer: 'odata.continue-on-error' }),
    };
    const sent = await this.#send(
      'POST',
      this.#absolute('$batch'),
      headers,
      body,
      !isChangeSet,
      signal,
    );
    const answers = parseBatch(sent.text);
    const isWhole = isChangeSet
      ? answers.length === requests.length ||
        (answers.length === 1 && (answers[0]?.status ?? 0) > 399)
      : answers.length === requests.length;
    if (isWhole) return answers;
    if (sent.status !== 200) throw faultOf(sent);
    throw new WebApiFailure(failed('network', 200, null, 'The answer was cut off.').failure);
  }

  async #send(
    method: 'GET' | 'POST',
    url: string,
    headers: Readonly<Record<string, string>>,
    body: string | null,
    mayBeSentAgain: boolean,
    signal: AbortSignal | undefined,
  ): Promise<Sent> {
    return this.#signedIn(async (token) => {
      const refused = await this.#refusal(token, signal);
      return refused ?? this.#exchange(token, method, url, headers, body, mayBeSentAgain, signal);
    });
  }

  /** Runs with a token, and once more with a new one when it is not accepted. */
  async #signedIn(run: (token: string) => Promise<Sent>): Promise<Sent> {
    for (const refresh of [false, true]) {
      let token: string | null;
      try {
        token = await this.#options.tokens.token({ refresh });
      } catch (error) {
        throw this.#unreachable(error);
      }
      if (token === null)
        throw new WebApiFailure(failed('auth', null, null, 'Sign in to synchronize.').failure);
      const sent = await run(token);
      if (sent.status === 401 && sent.isForeign) throw faultOf(sent);
      if (sent.status === 401 && !refresh) continue;
      if (sent.status !== 401) return sent;
    }
    throw new WebApiFailure(
      failed('auth', 401, null, 'The organization does not accept the token.').failure,
    );
  }

  /** Throws unless a token is of the user for whom requests are made; an answer: that it is not accepted. */
  async #refusal(token: string, signal: AbortSignal | undefined): Promise<Sent | null> {
    if (this.#user === null) return null;
    let known = this.#caller;
    if (known?.token !== token) {
      const sent = await this.#askWho(token, signal);
      if (sent.status === 401) return sent;
      known = { token, who: readWhoAmI(sent) };
      this.#caller = known;
    }
    this.#demandSame(known.who);
    return null;
  }

  #demandSame({ userId }: WhoAmI): void {
    if (this.#user === null || this.#user.toLowerCase() === userId.toLowerCase()) return;
    throw new WebApiFailure(otherUser(`user ${userId}`).failure);
  }

  #askWho(token: string, signal: AbortSignal | undefined): Promise<Sent> {
    return this.#exchange(token, 'GET', this.#absolute('WhoAmI'), {}, null, true, signal);
  }

  async #exchange(
    token: string,
    method: 'GET' | 'POST',
    url: string,
    headers: Readonly<Record<string, string>>,
    body: string | null,
    mayBeSentAgain: boolean,
    signal: AbortSignal | undefined,
  ): Promise<Sent> {
    const call = this.#options.fetch ?? fetch;
    let answered: Awaited<ReturnType<typeof call>>;
    let bytes: ArrayBuffer;
    try {
      const request = {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          accept: 'application/json',
          'odata-version': '4.0',
          'odata-maxversion': '4.0',
          ...headers,
        },
        ...(body === null ? {} : { body }),
        ...(signal === undefined ? {} : { signal }),
      };
      const send = () => call(url, request);
      answered = await (mayBeSentAgain ? sendAgain(send) : send());
      bytes = await answered.arrayBuffer();
    } catch (error) {
      throw this.#unreachable(error);
    }
    if (answered.status !== 401) {
      this.#bytes += Number(answered.headers.get('content-length') ?? bytes.byteLength);
    }
    const text = new TextDecoder().decode(bytes);
    const json = parseJson(text);
    return {
      status: answered.status,
      text,
      json,
      retryAfterMs: retryAfterOf(answered.headers),
      isForeign: answered.status !== 200 && !isOwnAnswer(answered, text, json),
    };
  }

  #unreachable(error: unknown): WebApiFailure {
    const why = `The organization at ${this.#options.url} cannot be reached (${describe(error)}).`;
    return new WebApiFailure(failed('network', null, null, why).failure);
  }
}

function readWhoAmI(sent: Sent): WhoAmI {
  const { status, json } = sent;
  const fields = json as Json | null | undefined;
  const text = (name: string) => (typeof fields?.[name] === 'string' ? fields[name] : null);
  const userId = text('UserId');
  if (status !== 200 || userId === null) throw faultOf(sent);
  const businessUnitId = text('BusinessUnitId') ?? '';
  return { userId, businessUnitId, organizationId: text('OrganizationId') };
}

function faultOf(sent: Sent): WebApiFailure {
  return sent.isForeign
    ? new WebApiFailure(foreignAnswer(sent.status, sent.retryAfterMs).failure)
    : fault(sent, sent.retryAfterMs);
}

/** An answer that is no answer, as the failure of a cycle. */
export function fault(
  { status, json }: Pick<BatchAnswer, 'status' | 'json'>,
  retryAfterMs: number | null = null,
): WebApiFailure {
  if (status === 200) {
    return new WebApiFailure(failed('network', 200, null, 'The answer was cut off.').failure);
  }
  const { code, message } = errorBody(json);
  const text = message ?? `The organization answered with status ${status}.`;
  return new WebApiFailure(
    failed(statusClass[status] ?? 'server', status, code, text, retryAfterMs).failure,
  );
}

/** The rows of an answer. Throws `WebApiFailure` for one that has none. */
export function rowsIn(answer: Pick<BatchAnswer, 'status' | 'json'>): readonly Json[] {
  if (answer.status !== 200) throw fault(answer);
  const value = (answer.json as { readonly value?: unknown } | null | undefined)?.value;
  if (Array.isArray(value)) return value as readonly Json[];
  if (answer.json === undefined) throw fault(answer);
  const message = 'The answer is not understood: it holds no rows.';
  throw new WebApiFailure(failed('protocol', 200, null, message).failure);
}
