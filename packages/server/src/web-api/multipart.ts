import { badAddress } from './address.ts';

/** A request inside a batch. */
export interface BatchPart {
  readonly contentId: string | null;
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export type BatchItem =
  | { readonly kind: 'request'; readonly part: BatchPart }
  | { readonly kind: 'changeSet'; readonly parts: readonly BatchPart[] };

/** An answer inside a batch. */
export interface BatchAnswer {
  readonly contentId: string | null;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const maxParts = 1000;
const maxHeader = 16_384;
const maxBoundary = 200;

/** The boundary of a multipart content type; null: it is another type. */
export function boundaryOf(contentType: string | undefined): string | null {
  if (contentType === undefined || !/^multipart\/mixed\s*;/i.test(contentType)) return null;
  const match = /\bboundary\s*=\s*(?:"([^"]+)"|([^\s;"]+))/i.exec(contentType);
  const boundary = match?.[1] ?? match?.[2] ?? null;
  return boundary !== null && boundary.length <= maxBoundary ? boundary : null;
}

/** Reads the body of a batch; lines end with CRLF or LF. Throws `HttpError` for what is none. */
export function parseBatch(body: string, boundary: string): readonly BatchItem[] {
  let count = 0;
  const counted = () => {
    count += 1;
    if (count > maxParts) throw badAddress(`A batch has at most ${maxParts} requests.`);
  };
  return splitParts(body, boundary).map((text): BatchItem => {
    const { headers, rest } = splitHead(text);
    const inner = boundaryOf(headers['content-type']);
    if (inner === null) {
      counted();
      return { kind: 'request', part: parseRequest(headers, rest) };
    }
    const parts = splitParts(rest, inner).map((one) => {
      counted();
      const head = splitHead(one);
      if (boundaryOf(head.headers['content-type']) !== null) {
        throw badAddress('A change set holds no other change set.');
      }
      return parseRequest(head.headers, head.rest);
    });
    return { kind: 'changeSet', parts };
  });
}

/** Texts between the lines that consist of the boundary. */
function splitParts(body: string, boundary: string): readonly string[] {
  const parts: string[] = [];
  let part: string[] | null = null;
  for (const line of body.split('\n')) {
    const bare = line.replace(/\r$/, '').trimEnd();
    if (bare !== `--${boundary}` && bare !== `--${boundary}--`) {
      part?.push(line);
      continue;
    }
    if (part !== null) parts.push(part.join('\n'));
    if (bare.endsWith('--') && bare !== `--${boundary}`) return parts;
    part = [];
  }
  throw badAddress(`The batch does not end with --${boundary}--.`);
}

interface Head {
  readonly headers: Readonly<Record<string, string>>;
  readonly rest: string;
}

/** Header lines up to the first empty one. */
function splitHead(text: string): Head {
  const headers: Record<string, string> = Object.create(null) as Record<string, string>;
  let at = 0;
  while (at < text.length) {
    const end = text.indexOf('\n', at);
    const line = (end < 0 ? text.slice(at) : text.slice(at, end)).replace(/\r$/, '');
    at = end < 0 ? text.length : end + 1;
    if (line.trim() === '') break;
    if (at > maxHeader) throw badAddress('The headers of a part are too long.');
    const colon = line.indexOf(':');
    if (colon < 1) throw badAddress(`"${line.slice(0, 80)}" is no header.`);
    headers[line.slice(0, colon).trim().toLowerCase()] = line.slice(colon + 1).trim();
  }
  return { headers, rest: text.slice(at) };
}

function parseRequest(outer: Head['headers'], rest: string): BatchPart {
  const end = rest.indexOf('\n');
  const line = (end < 0 ? rest : rest.slice(0, end)).trim();
  const match = /^([A-Z]{3,7}) (\S{1,65536}) HTTP\/1\.[01]$/.exec(line);
  if (match === null) throw badAddress(`"${line.slice(0, 80)}" is no request.`);
  const { headers, rest: body } = splitHead(end < 0 ? '' : rest.slice(end + 1));
  const [, method = '', url = ''] = match;
  return { contentId: outer['content-id'] ?? null, method, url, headers, body: body.trim() };
}

/** Names of headers as clients look for them. */
const cased: Readonly<Record<string, string>> = {
  'content-type': 'Content-Type',
  'odata-entityid': 'OData-EntityId',
  'odata-version': 'OData-Version',
  location: 'Location',
  etag: 'ETag',
  'preference-applied': 'Preference-Applied',
  'retry-after': 'Retry-After',
};
const reasons: Readonly<Record<number, string>> = {
  200: 'OK',
  201: 'Created',
  204: 'No Content',
  304: 'Not Modified',
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  412: 'Precondition Failed',
  413: 'Content Too Large',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  503: 'Service Unavailable',
};

/** An answer to a batch: single answers, and those of change sets together. Lines end with CRLF. */
export function writeBatch(
  items: readonly (BatchAnswer | readonly BatchAnswer[])[],
  boundary: string,
  newBoundary: () => string,
): string {
  const lines: string[] = [];
  for (const item of items) {
    lines.push(`--${boundary}`);
    if (!isMany(item)) {
      lines.push(...answerLines(item));
      continue;
    }
    const inner = `changesetresponse_${newBoundary()}`;
    lines.push(`Content-Type: multipart/mixed; boundary=${inner}`, '');
    for (const one of item) lines.push(`--${inner}`, ...answerLines(one));
    lines.push(`--${inner}--`, '');
  }
  lines.push(`--${boundary}--`, '');
  return lines.join('\r\n');
}

function isMany(item: BatchAnswer | readonly BatchAnswer[]): item is readonly BatchAnswer[] {
  return Array.isArray(item);
}

function answerLines({ contentId, status, headers, body }: BatchAnswer): readonly string[] {
  const shown = Object.entries(headers).flatMap(([name, value]) =>
    cased[name] === undefined ? [] : [`${cased[name]}: ${value}`],
  );
  return [
    'Content-Type: application/http',
    'Content-Transfer-Encoding: binary',
    ...(contentId === null ? [] : [`Content-ID: ${contentId}`]),
    '',
    `HTTP/1.1 ${status} ${reasons[status] ?? 'Status'}`,
    ...shown,
    '',
    body,
  ];
}
