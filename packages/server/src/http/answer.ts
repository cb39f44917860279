import { dataverseErrors } from '@outpost/model';
import { DecodeError } from '@outpost/sync/protocol';
import { HttpError } from '../server-error.ts';
import { maxBodyBytes, type ServerResponse } from './message.ts';

/** The JSON of a request's body, within the size limit. */
export function parseBody(body: Uint8Array | null): unknown {
  if (body === null || body.length === 0) {
    throw new HttpError(400, 'outpost:body', 'The request has no body.');
  }
  if (body.length > maxBodyBytes) {
    throw new HttpError(413, 'outpost:tooLarge', `A body has at most ${maxBodyBytes} bytes.`);
  }
  return parseJsonBytes(body);
}

export function parseJsonBytes(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new HttpError(400, 'outpost:json', 'The body is not JSON.');
  }
}

export function answer(
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): ServerResponse {
  return {
    status,
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-store',
      ...headers,
    },
    body: JSON.stringify(body),
  };
}

/** Known errors as they are; anything else shows only that the organization failed. */
export function errorAnswer(error: unknown, onFault: (error: unknown) => void): ServerResponse {
  if (error instanceof HttpError) {
    return answer(
      error.status,
      { error: { code: error.code, message: error.message } },
      error.headers,
    );
  }
  if (error instanceof DecodeError) {
    return answer(400, { error: { code: 'outpost:decode', message: error.message } });
  }
  onFault(error);
  return answer(500, {
    error: { code: dataverseErrors.unexpected, message: 'The organization failed.' },
  });
}
