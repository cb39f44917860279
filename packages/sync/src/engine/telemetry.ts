import type { FailureClass } from '../transport.ts';
import { tooManyRowsCode } from './row-cap.ts';
import type { SyncMode } from './status.ts';

/** Kinds of failure, in the vocabulary of Power Apps mobile's telemetry. */
export type TelemetryFailure =
  | 'CONFIG_ERROR'
  | 'ACCESS_ERROR'
  | 'AUTH_ERROR'
  | 'NETWORK_ERROR'
  | 'SERVER_ERROR'
  | 'DEVICE_ERROR'
  | 'EXPECTED_ERROR'
  | 'ERROR';

/** What a cycle did, as structured events: one of the whole, one for each table that brought rows. */
export type TelemetryEvent =
  | {
      readonly name: 'Offline.SyncDatabase';
      readonly CurrentSyncId: string;
      readonly DataSyncMode: SyncMode;
      readonly RecordCount: number;
      readonly ResponseSize: number;
      /** Milliseconds. */
      readonly Duration: number;
      /** Null: it came to its end. */
      readonly FailureType: TelemetryFailure | null;
    }
  | {
      readonly name: 'Offline.GetRecords';
      readonly CurrentSyncId: string;
      readonly DataSyncMode: SyncMode;
      readonly EntityName: string;
      readonly RecordCount: number;
      /** Bytes on the wire; of a delta, the part of its rows. */
      readonly ResponseSize: number;
    };

const failures: Readonly<Record<FailureClass, TelemetryFailure>> = {
  network: 'NETWORK_ERROR',
  auth: 'AUTH_ERROR',
  access: 'ACCESS_ERROR',
  server: 'SERVER_ERROR',
  protocol: 'ERROR',
  expected: 'EXPECTED_ERROR',
  device: 'DEVICE_ERROR',
};

export function telemetryFailure(kind: FailureClass, code: string | null): TelemetryFailure {
  if (code === 'outpost:tableNotInProfile' || code === tooManyRowsCode) return 'CONFIG_ERROR';
  return failures[kind];
}

/** Adds up what a cycle receives. */
export class CycleTally {
  readonly #tables = new Map<string, { rows: number; bytes: number }>();

  /** Rows of tables that came in one answer of so many bytes. */
  add(parts: readonly { readonly table: string; readonly rows: number }[], bytes: number): void {
    const total = parts.reduce((sum, one) => sum + one.rows, 0);
    for (const { table, rows } of parts) {
      const known = this.#tables.get(table) ?? { rows: 0, bytes: 0 };
      known.rows += rows;
      known.bytes += total === 0 ? 0 : Math.round((bytes * rows) / total);
      this.#tables.set(table, known);
    }
  }

  events(
    id: string,
    mode: SyncMode,
    durationMs: number,
    failure: TelemetryFailure | null,
  ): readonly TelemetryEvent[] {
    const tables = [...this.#tables].filter(([, one]) => one.rows > 0);
    const sum = (pick: (one: { rows: number; bytes: number }) => number) =>
      tables.reduce((total, [, one]) => total + pick(one), 0);
    return [
      ...tables.map(
        ([table, { rows, bytes }]): TelemetryEvent => ({
          name: 'Offline.GetRecords',
          CurrentSyncId: id,
          DataSyncMode: mode,
          EntityName: table,
          RecordCount: rows,
          ResponseSize: bytes,
        }),
      ),
      {
        name: 'Offline.SyncDatabase',
        CurrentSyncId: id,
        DataSyncMode: mode,
        RecordCount: sum((one) => one.rows),
        ResponseSize: sum((one) => one.bytes),
        Duration: durationMs,
        FailureType: failure,
      },
    ];
  }
}
