/** A request inside a batch. */
export interface BatchRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Below the root of the service. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

export interface BatchAnswer {
  /** Of the request; null: the service does not say. */
  readonly contentId: string | null;
  readonly status: number;
  readonly json: unknown;
}

/** The body of a batch of reads, or of one change set. */
export function writeBatch(
  requests: readonly BatchRequest[],
  root: string,
  isChangeSet: boolean,
): string {
  const lines: string[] = [];
  const boundary = isChangeSet ? changeSet : batch;
  if (isChangeSet) {
    lines.push(`--${batch}`, `Content-Type: multipart/mixed; boundary=${changeSet}`, '');
  }
  for (const [i, { method, path, headers = {}, body }] of requests.entries()) {
    lines.push(
      `--${boundary}`,
      'Content-Type: application/http',
      'Content-Transfer-Encoding: binary',
      `Content-ID: ${i + 1}`,
      '',
      `${method} ${root}/${path} HTTP/1.1`,
      'Accept: application/json',
      ...(body === undefined ? [] : ['Content-Type: application/json; type=entry']),
      ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
      '',
      body === undefined ? '' : JSON.stringify(body),
    );
  }
  if (isChangeSet) lines.push(`--${changeSet}--`, '');
  lines.push(`--${batch}--`, '');
  return lines.join('\r\n');
}

const batch = 'batch_outpost';
const changeSet = 'changeset_outpost';
export const batchType: string = `multipart/mixed; boundary=${batch}`;

/** Every answer of a batch, in order; those of change sets too. A failed change set has a single one. */
export function parseBatch(text: string): readonly BatchAnswer[] {
  const answers: BatchAnswer[] = [];
  const starts = [...text.matchAll(/^HTTP\/1\.[01] (\d{3}).*\r?\n/gm)];
  for (const [i, match] of starts.entries()) {
    const head = text.slice(starts[i - 1]?.index ?? 0, match.index);
    const contentId = [...head.matchAll(/^Content-ID:\s*(\w+)/gim)].at(-1)?.[1] ?? null;
    const from = match.index + match[0].length;
    const part = text.slice(from, starts[i + 1]?.index ?? text.length);
    answers.push({ contentId, status: Number(match[1]), json: jsonIn(part) });
  }
  return answers;
}

/** The JSON between the headers of a part and the next boundary. */
function jsonIn(part: string): unknown {
  const gap = /\r?\n\r?\n/.exec(part);
  const rest = gap === null ? '' : part.slice(gap.index + gap[0].length);
  const end = rest.search(/\r?\n--(?:batch|changeset)response_/);
  const body = (end < 0 ? rest : rest.slice(0, end)).trim();
  if (body === '') return undefined;
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
