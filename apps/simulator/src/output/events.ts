/** What a run tells; the same events become lines of text or JSON objects. */
export type RunEvent =
  | {
      readonly type: 'start';
      readonly scenario: string;
      readonly about: string;
      readonly seed: number;
    }
  | { readonly type: 'step'; readonly line: number; readonly verb: string; readonly text: string }
  | {
      readonly type: 'progress';
      readonly device: string;
      readonly phase: string;
      readonly rows: { readonly done: number; readonly total: number };
      readonly bytes: number;
      readonly diskBytes: number;
      readonly resumed: boolean;
      readonly loading: readonly string[];
    }
  | {
      readonly type: 'status';
      readonly device: string;
      readonly icon: string;
      readonly readiness: string;
      readonly pending: { readonly updates: number; readonly rows: number };
      readonly errors: number;
    }
  | {
      readonly type: 'error';
      readonly device: string;
      readonly table: string;
      readonly errorType: string;
      readonly code: string;
      readonly message: string;
    }
  | { readonly type: 'server'; readonly user: string; readonly action: string }
  | { readonly type: 'refused'; readonly device: string; readonly reasons: readonly string[] }
  | {
      readonly type: 'commit';
      readonly device: string;
      readonly commit: number;
      /** Changed rows by table. */
      readonly changes: Readonly<Record<string, number>>;
    }
  | {
      readonly type: 'request';
      readonly device: string;
      readonly kind: string;
      readonly bytes: number;
      /** Class of the failure; null: answered. */
      readonly failure: string | null;
    }
  | {
      readonly type: 'fault';
      readonly device: string;
      readonly control: string;
      readonly value: string;
    }
  | {
      readonly type: 'signedOut';
      readonly device: string;
      readonly user: string;
      /** Edits and drafts wait for the user's return; else they are given up. */
      readonly keeps: boolean;
      readonly edits: number;
      readonly drafts: number;
    }
  | {
      readonly type: 'resolved';
      readonly device: string;
      readonly table: string;
      readonly action: string;
    }
  | { readonly type: 'frame'; readonly name: string; readonly file: string | null }
  | {
      readonly type: 'expect';
      readonly ok: boolean;
      readonly what: string;
      readonly wanted: unknown;
      readonly found: unknown;
      readonly line: number;
    }
  | {
      readonly type: 'end';
      readonly ok: boolean;
      readonly failed: number;
      readonly rowsDownloaded: number;
      readonly editsUploaded: number;
      readonly conflicts: number;
      readonly syncErrors: number;
      readonly converged: boolean;
      readonly requests: number;
      readonly bytes: number;
      /** Commands of the matrix that were carried out. */
      readonly commands: readonly string[];
    };

export type Reporter = (event: RunEvent) => void;

/** One JSON object a line, numbered, with the time of the simulated world. */
export function jsonReporter(write: (line: string) => void, now: () => number): Reporter {
  let n = 0;
  return (event) =>
    write(`${JSON.stringify({ ...event, t: new Date(now()).toISOString(), n: ++n })}\n`);
}

const size = (bytes: number): string =>
  bytes < 1_000_000 ? `${Math.round(bytes / 1000)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
const count = (n: number): string => n.toLocaleString('en-US');

/** Sentences for people. */
export function plainReporter(write: (line: string) => void): Reporter {
  let lastProgress = '';
  return (event) => {
    const text = sentence(event);
    if (text === null) return;
    if (event.type === 'progress') {
      // At most one line per phase and tenth.
      const key = `${event.phase}${Math.floor((event.rows.done * 10) / Math.max(1, event.rows.total))}`;
      if (key === lastProgress) return;
      lastProgress = key;
    }
    write(`${text}\n`);
  };
}

function sentence(event: RunEvent): string | null {
  switch (event.type) {
    case 'start':
      return `Scenario ${event.scenario} (seed ${event.seed}). ${event.about}`;
    case 'step':
      return event.verb === 'say' ? `\n${event.text}` : `  ${event.text}`;
    case 'progress':
      return `    ${event.resumed ? 'Resumed: ' : ''}${event.phase}, ${count(event.rows.done)} of ${count(event.rows.total)} rows downloaded, ${size(event.diskBytes)} used`;
    case 'status':
      return `    ${event.device}: ${event.icon}, ${event.pending.updates} updates on ${event.pending.rows} rows to upload, ${event.errors} sync errors`;
    case 'error':
      return `    sync error on ${event.table}: ${event.errorType} ${event.code} ${event.message}`;
    case 'server':
      return `    ${event.user} on the server: ${event.action}`;
    case 'refused':
      return `    refused: ${event.reasons.join(' ')}`;
    case 'fault':
      return `    ${event.device}: ${event.control} is ${event.value} now`;
    case 'signedOut': {
      const what = `${event.edits} edits and ${event.drafts} drafts`;
      const became = event.keeps ? `${what} wait for their return` : `${what} given up`;
      const told = event.edits + event.drafts === 0 ? 'nothing waited' : became;
      return `    ${event.user} is signed out of ${event.device}: ${told}`;
    }
    case 'resolved':
      return `    ${event.table}: ${event.action}`;
    case 'frame':
      return event.file === null ? null : `    picture: ${event.file}`;
    case 'commit':
    case 'request':
      return null;
    case 'expect':
      return event.ok
        ? `    ok      ${event.what}`
        : `    FAILED  ${event.what} (line ${event.line}): wanted ${JSON.stringify(event.wanted)}, found ${JSON.stringify(event.found)}`;
    case 'end':
      return `\n${event.ok ? 'Everything held.' : `${event.failed} expectations failed.`} ${count(event.rowsDownloaded)} rows downloaded, ${event.editsUploaded} edits uploaded, ${event.conflicts} conflicts, ${event.syncErrors} sync errors left, ${event.converged ? 'device equals server' : 'device differs from server'}.`;
    default:
      return event satisfies never;
  }
}
