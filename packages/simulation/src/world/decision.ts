import type { LossStyle } from '@outpost/store/contract';
import type { RepairAction, SyncMode } from '@outpost/sync';
import type { ForeignPage } from './foreign-pages.ts';

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
  /** The same, and a column of each other type. */
  | {
      readonly do: 'fill';
      readonly table: string;
      readonly row: Fraction;
      readonly column: Fraction;
    }
  /** A form of a row, or from 0.9 on of a new one. */
  | { readonly do: 'openForm'; readonly table: string; readonly row: Fraction }
  /** Types into a field of an open form: what fits, or what does not. */
  | {
      readonly do: 'type';
      readonly form: Fraction;
      readonly field: Fraction;
      readonly valid: boolean;
    }
  /** The row has changed under what is being typed: takes what it has now, or keeps what was typed. */
  | { readonly do: 'answer'; readonly form: Fraction; readonly theirs: boolean }
  | { readonly do: 'saveForm'; readonly form: Fraction }
  /** A colleague changes, in the organization, what is being typed into a form; the device is told or not. */
  | { readonly do: 'overtake'; readonly form: Fraction; readonly told: boolean }
  /** Leaves a form, and gives up what was typed or not. */
  | { readonly do: 'leaveForm'; readonly form: Fraction; readonly discard: boolean }
  /** Comes back to what was typed and left: from the list of drafts, or when the form offers it; or gives it up. */
  | {
      readonly do: 'resume';
      readonly draft: Fraction;
      readonly how: 'continue' | 'restore' | 'forget';
    }
  /** The user signs out; what waits is kept for them, or given up. */
  | { readonly do: 'signOut'; readonly pending: 'keep' | 'discard' }
  /** Somebody signs in on the same disk. `known`: the app knows without a network who it is. */
  | { readonly do: 'signIn'; readonly user: Fraction; readonly known: boolean }
  /** A row that others point at. */
  | { readonly do: 'deleteFamily'; readonly row: Fraction }
  /** Gives a row to another user. */
  | { readonly do: 'hand'; readonly table: string; readonly row: Fraction; readonly to: Fraction }
  /** Closes a row: qualifies, completes, resolves or cancels it, as its table knows. */
  | { readonly do: 'close'; readonly table: string; readonly row: Fraction; readonly how: Fraction }
  | { readonly do: 'reopen'; readonly table: string; readonly row: Fraction }
  /** A row and another that points at it, made before either is uploaded. */
  | { readonly do: 'family'; readonly child: Fraction }
  | { readonly do: 'attach'; readonly row: Fraction; readonly bytes: number }
  | { readonly do: 'undo'; readonly entry: Fraction }
  | { readonly do: 'resolve'; readonly error: Fraction; readonly action: RepairAction }
  /** Repairs a sync error in any of the ways that there are. */
  | {
      readonly do: 'repair';
      readonly error: Fraction;
      readonly action: RepairAction | 'editAndRetry';
    }
  | { readonly do: 'offline' | 'online' | 'restart' | 'copy' | 'restore' }
  /** Somebody sets the clock of the device, forward or back. */
  | { readonly do: 'setClock'; readonly minutes: number }
  /** A cycle's request is never answered, nor does it listen; the user goes offline, or closes the app and opens it. */
  | { readonly do: 'stall'; readonly end: 'offline' | 'restart' }
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
  /** Changes a column that edits write. */
  | {
      readonly do: 'reshape';
      readonly table: string;
      readonly column: Fraction;
      readonly change: 'rename' | 'lock' | 'unlock' | 'widen' | 'shorten' | 'remove';
    }
  | { readonly do: 'policy'; readonly policy: 'off' | 'on' | 'merge' }
  | { readonly do: 'prune' | 'restartServer' | 'newFeed' }
  | { readonly do: 'refuse'; readonly status: 401 | 429 | 503; readonly ms: number };

/** For a while something on the way answers instead of the organization. */
export interface ForeignAction {
  readonly do: 'foreign';
  readonly page: ForeignPage;
  readonly ms: number;
}

/** One thing that happens, `wait` milliseconds after the one before it. */
export type Decision =
  | ({ readonly wait: number; readonly device: number } & DeviceAction)
  | ({ readonly wait: number } & (ServerAction | ForeignAction));

export type DecisionKind = Decision['do'];
