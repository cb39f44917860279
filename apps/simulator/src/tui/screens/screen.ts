import type { DeviceStore } from '../device-store.ts';
import type { CommandId } from '../keys.ts';
import type { Line } from '../line.ts';

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** One screen of a device: what it shows, how many things can be selected, what its own commands do. */
export interface Screen {
  readonly draw: (store: DeviceStore, size: Size) => readonly Line[];
  /** Things that can be selected; absent: the screen is read, not chosen from. */
  readonly count?: (store: DeviceStore) => number;
  /** False: the command means nothing here. */
  readonly run?: (store: DeviceStore, command: CommandId) => boolean;
}
