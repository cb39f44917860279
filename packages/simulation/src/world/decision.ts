import type { LossStyle } from '@outpost/store/contract';
import type { RepairAction, SyncMode } from '@outpost/sync';

/** Where in a sorted list of rows: from 0 to below 1. What it names depends on what is there, so any decision can be left out. */
export type Fraction = number;

export type DeviceAction =
  | { readonly do: 'sync'; readonly mode: Exclude<SyncMode, 'FIRST_SYNC'> }
  | { readonly do: 'create'; readonly table: string; readonly parent: Fraction }
  | {
      readonly do: 'update';
      readonly table: string;
      readonly row: Fraction;
      readonly column: Fraction;
    }
  | { readonly do: 'delete'; readonly table: string; readonly row: Fraction }
  /** A row and another that points at it, made before either is uploaded. */
  | { readonly do: 'family'; readonly child: Fraction }
  | { readonly do: 'attach'; readonly row: Fraction; readonly bytes: number }
  | { readonly do: 'undo'; readonly entry: Fraction }
  | { readonly do: 'resolve'; readonly error: Fraction; readonly action: RepairAction }
  | { readonly do: 'offline' | 'online' | 'restart' | 'copy' | 'restore' }
  /** Power is lost at one of the newest writes: how far back, in operations on files, and what becomes of the rest. */
  | { readonly do: 'powerLoss'; readonly back: Fraction; readonly style: LossStyle };

export type ServerAction =
  | {
      readonly do: 'web';
      readonly op: 'create' | 'update' | 'delete';
      readonly table: string;
      readonly row: Fraction;
      readonly column: Fraction;
    }
  | { readonly do: 'assign'; readonly table: string; readonly row: Fraction; readonly to: Fraction }
  | {
      readonly do: 'share';
      readonly table: string;
      readonly row: Fraction;
      readonly to: Fraction;
      readonly on: boolean;
    }
  | {
      readonly do: 'role';
      readonly role: Fraction;
      readonly table: string;
      readonly depth: 0 | 1 | 2 | 4 | null;
    }
  | {
      readonly do: 'profile';
      readonly table: string;
      readonly change: 'all' | 'mine' | 'out' | 'back';
    }
  | { readonly do: 'column'; readonly table: string }
  | { readonly do: 'policy'; readonly policy: 'off' | 'on' | 'merge' }
  | { readonly do: 'prune' | 'restartServer' | 'newFeed' }
  | { readonly do: 'refuse'; readonly status: 401 | 429 | 503; readonly ms: number };

/** One thing that happens, `wait` milliseconds after the one before it. */
export type Decision =
  | ({ readonly wait: number; readonly device: number } & DeviceAction)
  | ({ readonly wait: number } & ServerAction);

export type DecisionKind = Decision['do'];
