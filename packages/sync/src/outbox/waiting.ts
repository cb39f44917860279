import type { DeviceStore } from '@outpost/store';
import { concat, defer, distinctUntilChanged, map, type Observable, of } from 'rxjs';
import type { Entry } from './entry.ts';
import type { Outbox } from './outbox.ts';

/**
 * When the first of the edits that wait to be sent may go, in milliseconds; 0: at once; null: none waits. Emits the
 * current value, and after each commit while something waits, whatever made it wait: an edit, a repair, a sync error that
 * was marked as fixed, an edit that was put off.
 */
export function whenSendable(store: DeviceStore, outbox: Outbox): Observable<number | null> {
  return defer(() =>
    concat(of(null), store.commits).pipe(
      map(() => sendableAt(outbox)),
      distinctUntilChanged((before, now) => before === null && now === null),
    ),
  );
}

function sendableAt(outbox: Outbox): number | null {
  // What its user may still undo is held as what the organization has put off.
  const isReady = (entry: Entry) => !outbox.mayBeUndone(entry);
  return outbox.nextBatch(1, isReady).length > 0 ? 0 : outbox.nextHeldAt();
}
