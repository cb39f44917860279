import type { ServerResponse } from '../http/message.ts';

const version = { 'odata-version': '4.0', 'cache-control': 'no-store' } as const;

/** JSON as the Web API writes it. */
export function json(
  body: unknown,
  status = 200,
  headers: Readonly<Record<string, string>> = {},
): ServerResponse {
  return {
    status,
    headers: {
      'content-type': 'application/json; odata.metadata=minimal',
      ...version,
      ...headers,
    },
    body: JSON.stringify(body),
  };
}

export function empty(
  headers: Readonly<Record<string, string>> = {},
  status = 204,
): ServerResponse {
  return { status, headers: { ...version, ...headers }, body: '' };
}

export function text(body: string, contentType = 'text/plain; charset=utf-8'): ServerResponse {
  return { status: 200, headers: { 'content-type': contentType, ...version }, body };
}

/** A row was written: where it is. */
export function written(address: string): ServerResponse {
  return empty({ 'odata-entityid': address, location: address });
}

/** The address of what an answer holds. */
export function context(root: string, what: string): string {
  return `${root}/$metadata#${what}`;
}
