import { messageLimits } from '@outpost/sync/protocol';

/** A request and an answer without any web framework. */
export interface ServerRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | null;
}

export interface ServerResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Largest request body in bytes. */
export const maxBodyBytes: number = messageLimits.bodyBytes;
