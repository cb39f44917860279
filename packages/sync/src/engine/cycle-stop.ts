import type { Reply } from '../transport.ts';
import type { CycleFailure } from './status.ts';

/** A failure inside a cycle; ends the cycle and becomes its result. */
export class CycleStop extends Error {
  readonly failure: CycleFailure;
  constructor(failure: CycleFailure) {
    super(failure.message);
    this.failure = failure;
  }
}
export class CycleCancelled extends Error {}

/** The answer, or the end of the cycle. */
export function take<T>(reply: Reply<T>): { readonly value: T; readonly bytes: number } {
  if (reply.kind === 'failed') throw new CycleStop(reply.failure);
  return reply;
}
