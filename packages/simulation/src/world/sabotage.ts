import type { Device } from '@outpost/device';
import type { ServerStore } from '@outpost/server';
import type { IncomingMessage, OutgoingMessage } from '@outpost/sync/http';

/** A fault planted in a participant, to see whether a run would find it. Only for tests of the checks themselves. */
export interface Sabotage {
  /** Wraps the organization's database. */
  store?(inner: ServerStore): ServerStore;
  /** Wraps how the organization answers. */
  handle?(
    inner: (message: OutgoingMessage) => Promise<IncomingMessage>,
    message: OutgoingMessage,
  ): Promise<IncomingMessage>;
  /** Changes what something on the way answers. */
  foreign?(answer: IncomingMessage): IncomingMessage;
  /** Changes a client after each opening. */
  client?(device: Device): void;
}
