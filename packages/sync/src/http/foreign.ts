import type { Failure } from '../transport.ts';
import { failed } from './failure.ts';

/** Code of a failure that something on the way has answered: a portal, a proxy, a firewall. */
export const foreignCode = 'outpost:foreign';

/** Codes of the organization: Outpost's, and those of Dataverse as hexadecimal or signed decimal numbers. */
const ownCode = /^(?:outpost:|0x[0-9a-f]{8}$|-\d{10}$)/i;

/** Whether the code of an error answer is one that only an organization gives. */
export function isOwnCode(code: string | null): boolean {
  return code !== null && ownCode.test(code);
}

/** Who is not the organization may ask for a short wait only. */
const longestWaitMs = 300_000;

/** An answer that the organization did not give. It says nothing about the user, so it is like a network that fails. */
export function foreignAnswer(
  status: number,
  retryAfterMs: number | null,
): { readonly kind: 'failed'; readonly failure: Failure } {
  const message = `Something on the way answered instead of the organization, with status ${status}: sign in to the network you use, or ask who runs its proxy or firewall to let the organization through.`;
  const wait = retryAfterMs === null ? null : Math.min(longestWaitMs, retryAfterMs);
  return failed('network', status, foreignCode, message, wait);
}

/** Headers of an answer. */
export interface AnswerHeaders {
  get(name: string): string | null;
}

/** What `Retry-After` asks for: seconds, or a date, which the answer's own `Date` is taken from. Null: nothing. */
export function retryAfterOf(headers: AnswerHeaders): number | null {
  const asked = headers.get('retry-after')?.trim() ?? '';
  if (asked === '') return null;
  const seconds = Number(asked);
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1000);
  const wait = Date.parse(asked) - Date.parse(headers.get('date') ?? '');
  return Number.isFinite(wait) ? Math.max(0, wait) : null;
}
