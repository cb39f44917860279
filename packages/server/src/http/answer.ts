import { dataverseErrors } from '@outpost/model';
import { DecodeError } from '@outpost/sync/protocol';
import { HttpError } from '../server-error.ts';
import { parseJson } from './json.ts';
import { maxBodyBytes, type ServerResponse } from './message.ts';

/** A body as text. Throws the 400 of one that is not UTF-8. */
export function textOf(body: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    throw new HttpError(400, 'outpost:json', 'The body is not UTF-8.');
  }
}

/** The JSON of a request's body, within the size limit. */
export function parseBody(body: Uint8Array | null): unknown {
  if (body === null || body.length === 0) {
    throw new HttpError(400, 'outpost:body', 'The request has no body.');
  }
  if (body.length > maxBodyBytes) {
    throw new HttpError(413, 'outpost:tooLarge', `A body has at most ${maxBodyBytes} bytes.`);
  }
  return parseJson(textOf(body));
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
