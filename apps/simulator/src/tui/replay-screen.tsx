import type { WorldView } from '@outpost/simulation';
import { Box, Text, useApp, useInput, useWindowSize } from 'ink';
import { useSyncExternalStore } from 'react';
import { BehaviorSubject } from 'rxjs';

interface ReplayState {
  /** The decision that is next. */
  readonly next: number;
  readonly devices: readonly string[];
  readonly trace: readonly string[];
  readonly ended: readonly string[] | null;
  readonly isRunning: boolean;
}

/** Where a replay has got to; holds it before each decision until a key is pressed. */
export class ReplayStore {
  readonly decisions: readonly string[];
  readonly #state = new BehaviorSubject<ReplayState>({
    next: 0,
    devices: [],
    trace: [],
    ended: null,
    isRunning: true,
  });
  #go: (() => void) | null = null;
  /** Decisions to carry out without waiting. */
  #free = 0;

  constructor(decisions: readonly string[]) {
    this.decisions = decisions;
  }

  get current(): ReplayState {
    return this.#state.value;
  }

  subscribe(changed: () => void): () => void {
    const subscription = this.#state.subscribe(changed);
    return () => subscription.unsubscribe();
  }

  /** The world stands before a decision; resolves when it may go on. */
  reach(next: number, world: WorldView): Promise<void> {
    const devices = world.devices.map(({ name, client }) => {
      if (client === null) return `${name}: off`;
      const { icon, pending, errors, online } = client.sync.currentStatus;
      const rows = [...client.store.schema.keys()].reduce(
        (sum, table) => sum + client.store.count(table),
        0,
      );
      const network = online ? 'online' : 'offline';
      return `${name}: ${network}, ${icon}, ${rows} rows, ${pending.updates} pending, ${errors} errors`;
    });
    const trace = world.trace.slice(-100);
    this.#state.next({ next, devices, trace, ended: null, isRunning: false });
    if (this.#free > 0) {
      this.#free -= 1;
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      this.#go = () => {
        this.#go = null;
        this.#state.next({ ...this.current, isRunning: true });
        resolve();
      };
    });
  }

  step(): void {
    this.#go?.();
  }

  /** Carries out everything that is left. */
  release(): void {
    this.#free = Number.POSITIVE_INFINITY;
    this.#go?.();
  }

  end(ended: readonly string[]): void {
    this.#state.next({ ...this.current, next: this.decisions.length, ended, isRunning: false });
  }
}

/** Decisions, devices, and what travels between them and the organization. */
export function ReplayScreen({
  store,
  color,
}: {
  readonly store: ReplayStore;
  readonly color: boolean;
}) {
  const { columns, rows } = useWindowSize();
  const { exit } = useApp();
  const { next, devices, trace, ended, isRunning } = useSyncExternalStore(
    (changed) => store.subscribe(changed),
    () => store.current,
  );
  useInput((input, key) => {
    if (input === 'q' || key.escape || (key.ctrl && input === 'c')) exit();
    else if (input === 'a') store.release();
    else if (input === ' ' || key.return || key.rightArrow || key.downArrow) store.step();
  });
  const room = Math.max(2, rows - devices.length - 5 - (ended?.length ?? 0));
  const steps = Math.max(1, room >> 1);
  const first = Math.max(0, Math.min(next - (steps >> 1), store.decisions.length - steps));
  const state = ended !== null ? 'ended' : isRunning ? 'running' : 'waiting';
  const tone = (name: string) => (color ? { color: name } : {});
  const lines = store.decisions.slice(first, first + steps);
  return (
    <Box flexDirection="column" width={columns} height={rows}>
      <Text bold wrap="truncate">
        Replay: decision {Math.min(next + 1, store.decisions.length)} of {store.decisions.length},{' '}
        {state}
      </Text>
      {lines.map((text, i) => (
        <Text
          key={`step ${(first + i).toString()}`}
          wrap="truncate"
          inverse={first + i === next}
          dimColor={color && first + i < next}
        >
          {first + i === next ? '> ' : '  '}
          {text}
        </Text>
      ))}
      <Text bold>Devices</Text>
      {devices.map((text) => (
        <Text key={text} wrap="truncate">
          {'  '}
          {text}
        </Text>
      ))}
      <Text bold>Messages</Text>
      {trace.slice(-Math.max(1, room - steps)).map((text, i) => (
        <Text key={`trace ${i.toString()}`} wrap="truncate" dimColor={color}>
          {'  '}
          {text}
        </Text>
      ))}
      {(ended ?? []).map((text) => (
        <Text key={text} wrap="truncate" bold {...tone('yellow')}>
          {text}
        </Text>
      ))}
      <Text wrap="truncate">space next a all that is left q quit</Text>
    </Box>
  );
}
