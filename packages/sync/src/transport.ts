import type {
  AppResponse,
  DigestRequest,
  DigestResponse,
  DocumentRequest,
  DocumentResponse,
  HelloRequest,
  HelloResponse,
  PageRequest,
  PageResponse,
  PullRequest,
  PullResponse,
  PushRequest,
  PushResponse,
  UploadRequest,
  UploadResponse,
} from './protocol/index.ts';

/** What kind of failure it was; decides what the device does next. */
export type FailureClass =
  | 'network'
  | 'auth'
  | 'access'
  | 'server'
  | 'protocol'
  /** The device has to take something in first, or is not the newest life of its database. */
  | 'expected'
  | 'device';

export interface Failure {
  readonly class: FailureClass;
  readonly status: number | null;
  readonly code: string | null;
  readonly message: string;
  /** The server asked to wait this long. */
  readonly retryAfterMs: number | null;
}

/** The answer and its size on the wire in bytes, or the failure. */
export type Reply<T> =
  | { readonly kind: 'ok'; readonly value: T; readonly bytes: number }
  | { readonly kind: 'failed'; readonly failure: Failure };

/**
 * How messages reach the organization. Never throws for what the network or the server does. A message says whose it is
 * (`device.user`); it is not carried under the token of another user, but fails with `outpost:otherUser`.
 */
export interface SyncTransport {
  hello(request: HelloRequest, signal?: AbortSignal): Promise<Reply<HelloResponse>>;
  app(signal?: AbortSignal): Promise<Reply<AppResponse>>;
  pull(request: PullRequest, signal?: AbortSignal): Promise<Reply<PullResponse>>;
  page(request: PageRequest, signal?: AbortSignal): Promise<Reply<PageResponse>>;
  digest(request: DigestRequest, signal?: AbortSignal): Promise<Reply<DigestResponse>>;
  push(request: PushRequest, signal?: AbortSignal): Promise<Reply<PushResponse>>;
  upload(request: UploadRequest, signal?: AbortSignal): Promise<Reply<UploadResponse>>;
  document(request: DocumentRequest, signal?: AbortSignal): Promise<Reply<DocumentResponse>>;
  /**
   * `connected`, then tables with changes as they happen; ends when the connection does. Absent: the organization cannot
   * tell.
   */
  hints?(signal: AbortSignal): AsyncIterable<'connected' | Hint>;
  /**
   * Names the account that is signed in, without a network: always the same text for the same account. Null or absent:
   * only the organization can tell.
   */
  account?(): Promise<string | null>;
}

/** Advisory: what changed, and how long to spread the question for it. */
export interface Hint {
  readonly tables: readonly string[];
  readonly jitterMs: number;
}

/** Bearer tokens. `refresh`: the last one was refused. Null: the user must sign in. */
export interface TokenSource {
  token(options: { readonly refresh: boolean }): Promise<string | null>;
  /** See `SyncTransport.account`. */
  account?(): Promise<string | null>;
}
