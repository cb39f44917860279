import type { PageResponse, PullResponse, PushResponse } from '@outpost/sync/protocol';
import type { ReadTx } from '../store/server-store.ts';
import { readState } from '../store/state.ts';

/** Counts since the process started, by a name such as a path, a table or a reason. */
export type Counts = Readonly<Record<string, number>>;

/** How far a device knows the feed. */
export interface DeviceLag {
  readonly userId: string;
  readonly device: string;
  readonly position: number;
  /** Transactions after it that the device was not told of yet; not all of them concern it. */
  readonly behind: number;
  /** When it was last told something; milliseconds since 1970. */
  readonly at: number;
}

/** What an operator watches. No row data. */
export interface Metrics {
  /** Position up to which every change is visible. */
  readonly watermark: number;
  /** Position that tokens must be above. */
  readonly logFloor: number;
  readonly logEntries: number;
  /** The 1,000 devices that are furthest behind. */
  readonly devices: readonly DeviceLag[];
  /** By path and status, e.g. `/sync/v1/pull 200`. */
  readonly requests: Counts;
  readonly rowsSent: Counts;
  readonly removes: Counts;
  readonly checks: Counts;
  /** By status, and for refusals the code. */
  readonly results: Counts;
}

/** Counts what is answered. */
export class Counters {
  readonly requests: Map<string, number> = new Map();
  readonly rowsSent: Map<string, number> = new Map();
  readonly removes: Map<string, number> = new Map();
  readonly checks: Map<string, number> = new Map();
  readonly results: Map<string, number> = new Map();

  answered(path: string, status: number): void {
    add(this.requests, `${path} ${status}`, 1);
  }

  page({ table, rows }: PageResponse): void {
    add(this.rowsSent, table, rows.length);
  }

  pull({ changes, removes, check }: PullResponse): void {
    for (const { table, rows } of changes) add(this.rowsSent, table, rows.length);
    for (const { reason, ids } of removes) add(this.removes, reason, ids.length);
    for (const { why } of check) add(this.checks, why, 1);
  }

  push({ results }: PushResponse): void {
    for (const one of results) {
      add(this.results, one.status === 'refused' ? `refused ${one.code}` : one.status, 1);
    }
  }

  async read(tx: ReadTx): Promise<Metrics> {
    const top = await tx.engine.clock.watermark(tx);
    const reached = await tx.all(
      'SELECT user_id, device, position, at FROM "$reached" ORDER BY position LIMIT 1000',
    );
    return {
      watermark: top,
      logFloor: Number((await readState(tx, 'logFloor')) ?? 0),
      logEntries: Number((await tx.all('SELECT count(*) FROM "$log"'))[0]?.[0] ?? 0),
      devices: reached.map((row) => ({
        userId: String(row[0]),
        device: String(row[1]),
        position: Number(row[2]),
        behind: top - Number(row[2]),
        at: Number(row[3]),
      })),
      requests: Object.fromEntries(this.requests),
      rowsSent: Object.fromEntries(this.rowsSent),
      removes: Object.fromEntries(this.removes),
      checks: Object.fromEntries(this.checks),
      results: Object.fromEntries(this.results),
    };
  }
}

function add(counts: Map<string, number>, key: string, by: number): void {
  if (by > 0) counts.set(key, (counts.get(key) ?? 0) + by);
}
