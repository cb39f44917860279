import type { FormSession } from '@outpost/device';
import type { DeviceStore } from './device-store.ts';
import type { Choice } from './place.ts';
import { filtered } from './screens/pick-screen.ts';

const labels = {
  stay: 'Stay on the form',
  save: 'Save',
  keep: 'Leave, and go on another time',
  discard: 'Discard the changes',
} as const;

/** Something was typed into the form that is not saved. */
export function isUnsaved({ current }: FormSession): boolean {
  return current.dirty || current.typing !== null;
}

/** Leaves open forms for somewhere else; asks when one has changes that are not saved. */
export function leaveForm(store: DeviceStore, leave: () => void): void {
  const form = store.unsavedForm();
  if (form === null) return leave();
  ask(store, 'The form has changes that are not saved', labels, (answer) => {
    if (answer === 'stay') return;
    if (answer === 'save' && !store.report(form.save(), 'Saved on this device.')) return;
    if (answer === 'discard') form.discard();
    leave();
    if (answer === 'save') store.say('Saved on this device.');
    if (answer === 'keep') store.say('What you typed is kept with the row.');
  });
}

const offered = {
  restore: 'Go on with it',
  later: 'Not now: keep it',
  forget: 'Discard it',
} as const;

/** What was typed into a form earlier and not saved is offered when it is opened again. */
export function offerDraft(store: DeviceStore, form: FormSession): void {
  const { draft } = form.current;
  if (draft === null) return;
  const at = draft.at.slice(0, 16).replace('T', ' ');
  ask(store, `You typed into this form until ${at} UTC and did not save`, offered, (answer) => {
    if (answer === 'restore') form.restore();
    if (answer === 'forget') form.forget();
  });
}

/** What was typed and not saved, as a list to choose from. */
export function pickDraft(store: DeviceStore): void {
  const drafts = store.device.drafts();
  if (drafts.length === 0) return store.say('No form was left without saving.');
  const options = drafts.map(({ id, table, title }): Choice => {
    const label = `${title} (${store.table(table)?.label ?? table})`;
    return { label, value: id, reason: null };
  });
  store.go('pick', {
    choices: {
      title: 'Left without saving',
      options: (typed) => filtered(options, typed),
      choose: ({ value }) => {
        const draft = drafts.find((one) => one.id === value);
        store.back();
        if (draft !== undefined) store.openForm(draft.table, draft.rowId, draft.id);
      },
    },
  });
}

/** A question with a list of answers; leaving it answers nothing. */
export function ask<Key extends string>(
  store: DeviceStore,
  title: string,
  answers: Readonly<Record<Key, string>>,
  then: (answer: Key) => void,
): void {
  const options = Object.entries(answers).map(([value, label]): Choice => {
    return { label: String(label), value, reason: null };
  });
  store.go('pick', {
    choices: {
      title,
      options: (typed) => filtered(options, typed),
      choose: ({ value }) => {
        store.back();
        then(value as Key);
      },
    },
  });
}
