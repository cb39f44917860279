import { dataverseErrors } from '@outpost/model';
import { errorAnswer } from '../http/answer.ts';
import type { ServerRequest, ServerResponse } from '../http/message.ts';
import { HttpError } from '../server-error.ts';
import type { WriteTx } from '../store/server-store.ts';
import type { Caller } from '../sync/sync-env.ts';
import { badAddress, webApiRoot } from './address.ts';
import type { WebApiHost, WebApiRequest } from './call.ts';
import { asHttpError } from './errors.ts';
import {
  type BatchAnswer,
  type BatchPart,
  boundaryOf,
  parseBatch,
  writeBatch,
} from './multipart.ts';
import { parsePreferences } from './preferences.ts';
import { readRequest } from './request.ts';

/** Carries out one request of a batch. */
type CarryOut = (
  host: WebApiHost,
  request: WebApiRequest,
  path: string,
  within?: { readonly tx: WriteTx; readonly caller: Caller },
) => Promise<ServerResponse>;

/** Characters of answers after which nothing more is carried out: a batch is read as a whole, by us and by callers. */
const maxAnswers = 16 * 1024 * 1024;

function tooLarge(): HttpError {
  return new HttpError(
    413,
    'outpost:tooLarge',
    `The answers of the batch are larger than ${maxAnswers} characters: send its requests from this one on in another batch.`,
  );
}

/** A change set that failed: nothing of it was written. */
class ChangeSetFailure extends Error {
  readonly contentId: string | null;

  constructor(contentId: string | null, cause: unknown) {
    super('The change set failed.', { cause });
    this.contentId = contentId;
  }
}

/** `POST $batch`: requests one after another; a change set is carried out as a whole or not at all. */
export async function runBatch(
  host: WebApiHost,
  root: string,
  request: ServerRequest,
  carryOut: CarryOut,
): Promise<ServerResponse> {
  if (request.method !== 'POST') {
    throw new HttpError(405, 'outpost:method', 'Use POST.', { allow: 'POST' });
  }
  const boundary = boundaryOf(request.headers['content-type']);
  if (boundary === null) throw badAddress('A batch is multipart/mixed with a boundary.');
  const text = decode(request.body);
  const { continueOnError } = parsePreferences(request.headers['prefer']);
  const answers: (BatchAnswer | readonly BatchAnswer[])[] = [];
  let failed = 200;
  let size = 0;
  for (const item of parseBatch(text, boundary)) {
    try {
      if (size > maxAnswers) throw tooLarge();
      if (item.kind === 'request') {
        const answered = await runPart(item.part, new Map());
        size += answered.body.length;
        answers.push(answered);
      } else {
        const answered = await host.follow(() =>
          host.write((tx, caller) => runChangeSet(item.parts, tx, caller)),
        );
        size += answered.reduce((sum, one) => sum + one.body.length, 0);
        answers.push(answered);
      }
    } catch (error) {
      const [contentId, cause] =
        error instanceof ChangeSetFailure
          ? [error.contentId, error.cause]
          : [item.kind === 'request' ? item.part.contentId : null, error];
      const { status, headers, body } = errorAnswer(asHttpError(cause), host.env.onFault);
      answers.push({ contentId, status, headers, body });
      if (!continueOnError) {
        failed = status;
        break;
      }
    }
  }
  const own = `batchresponse_${host.env.ids.next()}`;
  return {
    status: failed,
    headers: {
      'content-type': `multipart/mixed; boundary=${own}`,
      'odata-version': '4.0',
      'cache-control': 'no-store',
    },
    body: writeBatch(answers, own, () => host.env.ids.next()),
  };

  /** Runs again when another write was in the way: answers and references are made anew. */
  async function runChangeSet(
    parts: readonly BatchPart[],
    tx: WriteTx,
    caller: Caller,
  ): Promise<readonly BatchAnswer[]> {
    const made: BatchAnswer[] = [];
    const references = new Map<string, string>();
    for (const part of parts) {
      try {
        made.push(await runPart(part, references, { tx, caller }));
      } catch (error) {
        // Faults of the database are the transaction's, which may run again.
        const known = asHttpError(error);
        if (!(known instanceof HttpError)) throw error;
        throw new ChangeSetFailure(part.contentId, known);
      }
    }
    return made;
  }

  async function runPart(
    part: BatchPart,
    references: Map<string, string>,
    within?: { readonly tx: WriteTx; readonly caller: Caller },
  ): Promise<BatchAnswer> {
    const url = withReferences(part.url.replace(/^https?:\/\/[^/]+/i, ''), references);
    const path = url.replace(/^\/+/, '/').replace(webApiRoot, '').replace(/^\//, '');
    if (path.startsWith('$batch')) throw badAddress('A batch holds no other batch.');
    const body = part.body === '' ? null : Buffer.from(part.body, 'utf8');
    const read = readRequest({ method: part.method, headers: part.headers, body }, root);
    const call = { ...read, body: inBody(read.body, references) };
    const { status, headers, body: answer } = await carryOut(host, call, path, within);
    const address = headers['odata-entityid'];
    if (part.contentId !== null && address !== undefined) references.set(part.contentId, address);
    return { contentId: part.contentId, status, headers, body: answer };
  }
}

/** `$1/contacts`: the row that the request with that Content-ID has written. */
function withReferences(url: string, references: ReadonlyMap<string, string>): string {
  return url.replace(
    /(^|\/)\$(\w+)([/?(]|$)/,
    (whole, before: string, id: string, after: string) => {
      const address = references.get(id);
      return address === undefined ? whole : `${before}${relative(address)}${after}`;
    },
  );
}

function relative(address: string): string {
  return address
    .replace(/^https?:\/\/[^/]+/i, '')
    .replace(webApiRoot, '')
    .replace(/^\//, '');
}

/** References in a body, as `@odata.bind` and `@odata.id` hold them. */
function inBody(
  value: unknown,
  references: ReadonlyMap<string, string>,
  isAddress = false,
): unknown {
  if (typeof value === 'string') {
    const id = isAddress ? /^\/?\$(\w+)$/.exec(value)?.[1] : undefined;
    return id === undefined ? value : (references.get(id) ?? value);
  }
  if (Array.isArray(value)) return value.map((one) => inBody(one, references, isAddress));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [
      name,
      inBody(one, references, name.includes('@odata.')),
    ]),
  );
}

function decode(body: Uint8Array | null): string {
  if (body === null) throw new HttpError(400, dataverseErrors.badRequest, 'The batch has no body.');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    throw badAddress('The batch is not UTF-8.');
  }
}
