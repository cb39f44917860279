import type { Entry } from '@outpost/sync';
import type { Subscription } from 'rxjs';
import type { Desk } from './desk.ts';
import type { DeviceStore } from './device-store.ts';
import { fit, type Line, line, wrapped } from './line.ts';

interface TourStep {
  readonly title: string;
  readonly text: string;
  readonly done: (desk: Desk, device: DeviceStore) => boolean;
}

const never = () => false;

/** The steps; they follow whichever row and column the user has chosen. */
function steps(): readonly TourStep[] {
  let edit: Entry | undefined;
  const columnOf = (entry: Entry | undefined) =>
    Object.keys(entry?.set ?? {}).find((slot) => !slot.includes('$')) ?? '';
  return [
    {
      title: 'The first sync',
      text: 'Ana has just signed in on a new phone. Her app and the rows she may have are downloaded now; what is here already can be used at once. Nothing to do: wait for it.',
      done: (_, { status }) => status.readiness === 'available',
    },
    {
      title: 'Leave the network',
      text: 'Press o. The icon at the top says so on every screen. From here on everything works from the database on the phone.',
      done: (_, { opened }) => !opened.online.value,
    },
    {
      title: 'Find a customer',
      text: 'Press / and type "alpine ski". Hits come while you type. Press enter on Alpine Ski House.',
      done: (_, { screen, place }) => screen === 'form' && place.id !== null,
    },
    {
      title: 'Edit it offline',
      text: 'Go down to Main Phone with the down key and press enter. Type another number (backspace deletes), press enter, then w to save. The edit is on disk and waits for upload: 1 to upload.',
      done: (_, { device }) => {
        edit = device.sync.outbox.pending().find((one) => one.op === 'update');
        return edit !== undefined;
      },
    },
    {
      title: 'Meanwhile at the office',
      text: 'Press v. This is the server, and you are Ben now: the same row, the old number. Press enter, change the number to something else, press enter.',
      done: (desk) => {
        const { row } = desk.server;
        const now = row?.values?.[columnOf(edit)];
        return row !== null && row.id === edit?.id && now !== (edit.base[columnOf(edit)] ?? null);
      },
    },
    {
      title: 'Back in range',
      text: 'Press v to be Ana again, then o. The phone connects and synchronizes by itself in a moment (s does it at once). Both changed the same column: that is a conflict, and nothing is overwritten.',
      // What the server has comes at the end of the cycle that found the conflict.
      done: (_, { status }) => status.errors > 0 && status.running === null,
    },
    {
      title: 'Look at the conflict',
      text: 'Press x for the sync errors, then enter: what Ana saw, what she wants, and what is there now, side by side.',
      done: (_, { screen }) => screen === 'conflict',
    },
    {
      title: 'Repair it',
      text: 'What is in [brackets] will be sent. Left chooses mine, right theirs, enter types something else. Press K to send it.',
      done: (_, { status }) => status.errors === 0,
    },
    {
      title: 'Reconcile',
      text: 'The edit is queued again and goes up with the next sync, in a moment by itself or at once with s.',
      done: (_, { status }) =>
        status.pending.updates === 0 && status.errors === 0 && status.running === null,
    },
    {
      title: 'Done',
      text: 'Phone and server agree; nothing was lost on the way. Go on as you like: ? shows all keys, c breaks the network, p is the offline profile, y on a row says why it is here. q quits; npm start begins with 20,000 rows on disk.',
      done: never,
    },
  ];
}

/** Walks a newcomer through one conflict, step by step, by watching what they do. */
export class Tour {
  readonly #desk: Desk;
  readonly #steps: readonly TourStep[];
  readonly #subscription: Subscription;
  #at = 0;

  constructor(desk: Desk) {
    this.#desk = desk;
    this.#steps = steps();
    this.#subscription = desk.changes.subscribe(() => this.#check());
  }

  /** Number of the step, from 1. */
  get step(): number {
    return this.#at + 1;
  }

  /** What to do now, above the key line. */
  readonly caption = (columns: number): readonly Line[] => {
    const step = this.#steps[this.#at];
    if (step === undefined) return [];
    const head = ` Tour ${this.step} of ${this.#steps.length}: ${step.title} `;
    const skip = '  [ctrl+n skips]';
    return [
      line(
        fit(
          `${head}${'─'.repeat(Math.max(0, columns - head.length - skip.length))}${skip}`,
          columns,
        ),
        'accent',
      ),
      ...wrapped(step.text, columns - 3).map((text) => line(fit(` ${text}`, columns))),
    ];
  };

  /** Takes the key that skips a step. */
  readonly intercept = (key: string): boolean => {
    if (key !== 'ctrl+n') return false;
    this.#at = Math.min(this.#at + 1, this.#steps.length - 1);
    return true;
  };

  close(): void {
    this.#subscription.unsubscribe();
  }

  #check(): void {
    const [device] = this.#desk.devices;
    const step = this.#steps[this.#at];
    if (device === undefined || step === undefined || !step.done(this.#desk, device)) return;
    this.#at += 1;
  }
}
