import { dataverseErrors } from '@outpost/model';
import { textOf } from '../http/answer.ts';
import { parseJson } from '../http/json.ts';
import type { ServerRequest } from '../http/message.ts';
import { HttpError } from '../server-error.ts';
import { badAddress } from './address.ts';
import type { WebApiRequest } from './call.ts';
import { parsePreferences } from './preferences.ts';

/** What a request says, apart from its address. Throws `HttpError`. */
export function readRequest(
  request: Pick<ServerRequest, 'method' | 'headers' | 'body'>,
  root: string,
): WebApiRequest {
  const { method, headers, body } = request;
  for (const name of ['callerobjectid', 'mscrmcallerid']) {
    if (headers[name] !== undefined) {
      throw new HttpError(
        403,
        dataverseErrors.privilegeDenied,
        'Acting on behalf of another user is not allowed.',
      );
    }
  }
  return {
    method,
    headers,
    prefer: parsePreferences(headers['prefer']),
    body: body === null || body.length === 0 ? undefined : jsonOf(body),
    root,
  };
}

function jsonOf(body: Uint8Array): unknown {
  try {
    return parseJson(textOf(body));
  } catch (error) {
    throw error instanceof HttpError ? badAddress(error.message) : error;
  }
}
