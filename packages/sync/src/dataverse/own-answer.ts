import { errorBody } from '../http/failure.ts';
import { type AnswerHeaders, isOwnCode } from '../http/foreign.ts';

/**
 * Headers that every answer of a Dataverse Web API has, of which a browser lets other origins read `OData-Version`
 * (`Access-Control-Expose-Headers`).
 * https://learn.microsoft.com/power-apps/developer/data-platform/webapi/compose-http-requests-handle-errors
 */
const marks = ['odata-version', 'req_id', 'x-ms-service-request-id'] as const;

/**
 * Whether an error answer is the organization's: it has its headers, a code of its own, or it is the challenge that names
 * where to sign in, which comes without a body.
 * https://learn.microsoft.com/power-apps/developer/data-platform/authenticate-oauth
 */
export function isOwnAnswer(
  {
    status,
    headers,
    type,
  }: { readonly status: number; readonly headers: AnswerHeaders; readonly type?: string },
  text: string,
  json: unknown,
): boolean {
  if (marks.some((name) => headers.get(name) !== null) || isOwnCode(errorBody(json).code))
    return true;
  if (status !== 401) return false;
  // A browser hides the challenge from other origins; that it lets the answer be read at all, only its sender can say.
  if (type === 'cors' && text === '') return true;
  return (headers.get('www-authenticate') ?? '').includes('authorization_uri=');
}
