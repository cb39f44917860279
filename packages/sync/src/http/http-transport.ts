import {
  appResponse,
  DecodeError,
  type Decoder,
  type DeviceIdentity,
  digestResponse,
  documentResponse,
  helloResponse,
  pageResponse,
  partResponse,
  pullResponse,
  pushResponse,
  syncPaths,
  uploadResponse,
  type WhoResponse,
  whoResponse,
} from '../protocol/index.ts';
import type { Hint, Reply, SyncTransport, TokenSource } from '../transport.ts';
import { accountOfToken } from './account.ts';
import { describe, errorBody, failed, otherUser, parseJson, statusClass } from './failure.ts';
import { foreignAnswer, isOwnCode, retryAfterOf } from './foreign.ts';
import { HintReader } from './hint-stream.ts';
import { pushInParts } from './push-in-parts.ts';
import { sendAgain } from './send-again.ts';

export interface HttpTransportOptions {
  /** Address of the organization, e.g. `https://org.example`. */
  readonly url: string;
  readonly tokens: TokenSource;
  /** Default: the platform's `fetch`. */
  readonly fetch?: typeof fetch;
}

/** A token that never changes. */
export function staticToken(token: string): TokenSource {
  return { token: async () => token, account: async () => accountOfToken(token) ?? token };
}

/** Characters of a request from which it is sent compressed. */
const compressAbove = 4096;

export function httpTransport(options: HttpTransportOptions): SyncTransport {
  return {
    ...messageTransport({
      tokens: options.tokens,
      exchange: (message, signal) => exchangeByFetch(options, message, signal),
    }),
    hints: (signal) => readHints(options, signal),
  };
}

/** A request as it travels. */
export interface OutgoingMessage {
  /** E.g. `/sync/v1/pull`. */
  readonly path: string;
  /** Bearer token. */
  readonly token: string;
  /** JSON; null: a request without body, by GET. */
  readonly body: string | null;
}

/** An answer as it came. */
export interface IncomingMessage {
  readonly status: number;
  /** Size on the wire. */
  readonly bytes: number;
  readonly text: string;
  readonly retryAfterMs: number | null;
}

export interface MessageTransportOptions {
  readonly tokens: TokenSource;
  /** Carries a message and brings its answer. Throws when there is none; the error's message says why. */
  readonly exchange: (message: OutgoingMessage, signal?: AbortSignal) => Promise<IncomingMessage>;
}

/** The protocol over whatever carries messages: another HTTP client, a worker, a radio link, a test. */
export function messageTransport(options: MessageTransportOptions): SyncTransport {
  const caller = new CallerOfTokens(options);
  /** A message is sent with a token only when it is known to be of the same user. */
  const send = <T>(
    path: string,
    message: { readonly device: DeviceIdentity },
    decoder: Decoder<T>,
    signal?: AbortSignal,
  ) =>
    request(options, path, message, decoder, signal, (token) =>
      caller.refuses(token, message.device, signal),
    );
  return {
    async hello(message, signal) {
      let used = '';
      const note = async (token: string) => {
        used = token;
        return null;
      };
      const reply = await request(options, syncPaths.hello, message, helloResponse, signal, note);
      if (reply.kind === 'ok') caller.learn(used, reply.value.user);
      return reply;
    },
    app: (signal) => request(options, syncPaths.app, null, appResponse, signal),
    pull: (message, signal) => send(syncPaths.pull, message, pullResponse, signal),
    page: (message, signal) => send(syncPaths.page, message, pageResponse, signal),
    digest: (message, signal) => send(syncPaths.digest, message, digestResponse, signal),
    push: (message, signal) =>
      pushInParts(
        {
          whole: (request) => send(syncPaths.push, request, pushResponse, signal),
          part: (request) => send(syncPaths.part, request, partResponse, signal),
        },
        message,
      ),
    upload: (message, signal) => send(syncPaths.upload, message, uploadResponse, signal),
    document: (message, signal) => send(syncPaths.document, message, documentResponse, signal),
    account: async () => (await options.tokens.account?.()) ?? null,
  };
}

/** Whose the token in use is: asked once for every token, before anything of a user is sent with it. */
class CallerOfTokens {
  readonly #options: MessageTransportOptions;
  #known: { readonly token: string; readonly user: WhoResponse['user'] } | null = null;

  constructor(options: MessageTransportOptions) {
    this.#options = options;
  }

  learn(token: string, user: WhoResponse['user']): void {
    this.#known = { token, user };
  }

  /** Why what a device sends may not be sent with a token; null: it may. */
  async refuses(
    token: string,
    { user }: DeviceIdentity,
    signal: AbortSignal | undefined,
  ): Promise<Failed | IncomingMessage | null> {
    if (user === null) return null;
    let known = this.#known;
    if (known?.token !== token) {
      const answer = await this.#options.exchange(
        { path: syncPaths.who, token, body: null },
        signal,
      );
      if (answer.status === 401) return answer;
      const reply = readAnswer(answer, whoResponse);
      if (reply.kind === 'failed') return reply;
      known = { token, user: reply.value.user };
      this.#known = known;
    }
    const isSame = known.user.id.toLowerCase() === user.toLowerCase();
    return isSame ? null : otherUser(known.user.name);
  }
}

async function* readHints(
  options: HttpTransportOptions,
  signal: AbortSignal,
): AsyncGenerator<'connected' | Hint> {
  const token = await options.tokens.token({ refresh: false });
  if (token === null) return;
  const response = await (options.fetch ?? fetch)(
    `${options.url.replace(/\/$/, '')}${syncPaths.hints}`,
    { headers: { authorization: `Bearer ${token}`, accept: 'text/event-stream' }, signal },
  );
  const type = response.headers.get('content-type') ?? '';
  // Anything else is a page of a portal or proxy, and tells of nothing.
  const isStream = response.status === 200 && type.startsWith('text/event-stream');
  if (!isStream || response.body === null) return;
  yield 'connected';
  const reader = new HintReader();
  const decoder = new TextDecoder();
  for await (const bytes of response.body)
    yield* reader.take(decoder.decode(bytes, { stream: true }));
}

type Failed = Extract<Reply<unknown>, { readonly kind: 'failed' }>;

async function request<T>(
  { tokens, exchange }: MessageTransportOptions,
  path: string,
  body: unknown,
  decoder: Decoder<T>,
  signal?: AbortSignal,
  refuses: (token: string) => Promise<Failed | IncomingMessage | null> = async () => null,
): Promise<Reply<T>> {
  for (const refresh of [false, true]) {
    let answer: IncomingMessage;
    try {
      const token = await tokens.token({ refresh });
      if (token === null) return failed('auth', null, null, 'Sign in to synchronize.');
      const refused = await refuses(token);
      if (refused !== null && 'kind' in refused) return refused;
      const text = body === null ? null : JSON.stringify(body);
      answer = refused ?? (await exchange({ path, token, body: text }, signal));
    } catch (error) {
      return failed('network', null, null, error instanceof Error ? error.message : String(error));
    }
    if (answer.status === 401 && !refresh && isOwn(answer)) continue;
    return readAnswer(answer, decoder);
  }
  return failed('auth', 401, null, 'The organization does not accept the token.');
}

async function exchangeByFetch(
  options: HttpTransportOptions,
  { path, token, body }: OutgoingMessage,
  signal?: AbortSignal,
): Promise<IncomingMessage> {
  const call = options.fetch ?? fetch;
  const isLarge = body !== null && body.length > compressAbove;
  try {
    const request = {
      method: body === null ? 'GET' : 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        accept: 'application/json',
        ...(body === null ? {} : { 'content-type': 'application/json' }),
        ...(isLarge ? { 'content-encoding': 'gzip' } : {}),
      },
      ...(body === null ? {} : { body: isLarge ? await gzipped(body) : body }),
      ...(signal === undefined ? {} : { signal }),
    };
    const response = await sendAgain(() =>
      call(`${options.url.replace(/\/$/, '')}${path}`, request),
    );
    const bytes = await response.arrayBuffer();
    return {
      status: response.status,
      bytes: Number(response.headers.get('content-length') ?? bytes.byteLength),
      text: new TextDecoder().decode(bytes),
      retryAfterMs: retryAfterOf(response.headers),
    };
  } catch (error) {
    const why = describe(error);
    throw new Error(`The organization at ${options.url} cannot be reached (${why}).`, {
      cause: error,
    });
  }
}

async function gzipped(text: string): Promise<ArrayBuffer> {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream('gzip'));
  return new Response(stream).arrayBuffer();
}

/** Whether the organization has given an error answer: its codes are nobody else's. */
function isOwn({ text }: IncomingMessage): boolean {
  return isOwnCode(errorBody(parseJson(text)).code);
}

function readAnswer<T>(answer: IncomingMessage, decoder: Decoder<T>): Reply<T> {
  const json = parseJson(answer.text);
  if (answer.status !== 200) {
    const { code, message } = errorBody(json);
    if (!isOwnCode(code)) return foreignAnswer(answer.status, answer.retryAfterMs);
    const kind = statusClass[answer.status] ?? 'server';
    const text = message ?? `The organization answered with status ${answer.status}.`;
    return failed(kind, answer.status, code, text, answer.retryAfterMs);
  }
  // A cut or garbled answer with status 200 is a network fault: the same request is sent again later.
  if (json === undefined) return failed('network', 200, null, 'The answer was cut off.');
  try {
    return { kind: 'ok', value: decoder(json, ''), bytes: answer.bytes };
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return failed('protocol', 200, null, `The answer is not understood: ${error.message}`);
  }
}
