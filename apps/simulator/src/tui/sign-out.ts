import type { DeviceStore } from './device-store.ts';
import { ask } from './leave-form.ts';

/** Asks what becomes of edits that wait, and who signs in then. */
export function askSignOut(store: DeviceStore): void {
  const { pending, errors } = store.status;
  const unsaved = store.unsavedForm() === null ? 0 : 1;
  const forms = (store.ready ? store.device.drafts().length : 0) + unsaved;
  const edits = pending.updates + errors;
  const parts = [
    ...(edits === 0 ? [] : [count(edits, 'edit', 'is', 'are', 'not in the organization')]),
    ...(forms === 0 ? [] : [count(forms, 'form', 'was', 'were', 'left without saving')]),
  ];
  const waiting = parts.length === 0 ? 'nothing waits' : parts.join(', ');
  const answers: Readonly<Record<string, string>> =
    parts.length === 0
      ? { no: 'Stay signed in', keep: 'Sign out' }
      : {
          no: 'Stay signed in',
          keep: `Sign out and keep them until ${store.userName} is back`,
          discard: 'Sign out and give them up',
        };
  ask(store, `Sign out ${store.userName}: ${waiting}`, answers, (answer) => {
    if (answer === 'no') return;
    const users = Object.fromEntries([...store.world.users].map(([id, { name }]) => [id, name]));
    ask(store, 'Sign in as', users, (user) =>
      store.switchUser({ user, pending: answer === 'keep' ? 'keep' : 'discard' }),
    );
  });
}

function count(n: number, name: string, is: string, are: string, what: string): string {
  return n === 1 ? `1 ${name} ${is} ${what}` : `${n} ${name}s ${are} ${what}`;
}
