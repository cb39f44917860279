import type { AppModel, RowValues } from '@outpost/model';
import type { NetworkFaults } from './network.ts';

export interface WorldRow {
  readonly table: string;
  readonly id: string;
  readonly values: RowValues;
}

/** An app to simulate: its definitions, first rows (users, roles and business units among them), and who takes part. */
export interface WorldApp {
  /** Names it in replay files. */
  readonly name: string;
  readonly model: AppModel;
  /** Rows around the time `now`, in milliseconds since 1970. */
  rows(now: number): Iterable<WorldRow>;
  /** Users with devices, in turn; the first may have two. */
  readonly users: readonly string[];
  /** Users who work in the organization itself. */
  readonly webUsers: readonly string[];
}

/** Faults that a run may meet. */
export const faultKinds = [
  'network',
  'power',
  'server',
  'admin',
  'copies',
  'clocks',
  'weather',
] as const;
export type FaultKind = (typeof faultKinds)[number];

export interface WorldSpec {
  readonly seed: number;
  readonly devices: number;
  readonly policy: 'off' | 'on' | 'merge';
  readonly network: NetworkFaults;
  /** Rows a page; small ones make many pages. */
  readonly pageRows: number;
  /** Clocks of devices are wrong, by up to two days, and by another error after each start. Absent: they are right. */
  readonly wrongClocks?: boolean;
  /** Devices synchronize by themselves too: after edits, when they come online, and twice a day. */
  readonly auto?: boolean;
}
