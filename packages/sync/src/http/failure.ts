import { otherUserCode } from '../protocol/index.ts';
import type { Failure, FailureClass } from '../transport.ts';

/** What kind of failure a status is. */
export const statusClass: Readonly<Record<number, FailureClass>> = {
  400: 'protocol',
  401: 'auth',
  403: 'access',
  404: 'protocol',
  409: 'expected',
  413: 'protocol',
  415: 'protocol',
};

/** Undefined: it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Code and message of an error answer. */
export function errorBody(json: unknown): {
  readonly code: string | null;
  readonly message: string | null;
} {
  const error = (json as { error?: { code?: unknown; message?: unknown } } | null | undefined)
    ?.error;
  return {
    code: typeof error?.code === 'string' ? error.code : null,
    message: typeof error?.message === 'string' ? error.message : null,
  };
}

/** Why a request did not get there. */
export function describe(error: unknown): string {
  const cause = (error as { cause?: { code?: unknown } } | null)?.cause?.code;
  if (typeof cause === 'string') return cause;
  return error instanceof Error ? error.message : String(error);
}

export function failed(
  kind: FailureClass,
  status: number | null,
  code: string | null,
  message: string,
  retryAfterMs: number | null = null,
): { readonly kind: 'failed'; readonly failure: Failure } {
  return { kind: 'failed', failure: { class: kind, status, code, message, retryAfterMs } };
}

/** What is sent belongs to another user than the one who is signed in: it was not sent. */
export function otherUser(caller: string): { readonly kind: 'failed'; readonly failure: Failure } {
  const message = `The database that sends this belongs to another user than ${caller}, who is signed in.`;
  return failed('auth', 409, otherUserCode, message);
}
