import type { Device, FieldState } from '@outpost/device';
import {
  type Cell,
  type Column,
  type ColumnValue,
  isLookupValue,
  valueToCells,
} from '@outpost/model';
import { type ActionContext, pick } from './action-context.ts';
import { baseName, columnOf } from './column-names.ts';
import type { DeviceAction } from './decision.ts';
import { cellOf, idsOf } from './device-rows.ts';
import type { FormBook, KnownForm, OpenForm } from './form-book.ts';
import type { Place } from './places.ts';
import { newValues, noteSaved, placeOf } from './row-edits.ts';
import type { SimDevice } from './sim-device.ts';
import { tokenText, valueFor } from './values.ts';
import { nameOf } from './written-cell.ts';

export type FormAction = Extract<
  DeviceAction,
  { readonly do: 'openForm' | 'type' | 'answer' | 'saveForm' | 'leaveForm' | 'resume' }
>;

/** Forms that a person keeps open at a time. */
const mostForms = 4;
/** New rows among forms that are opened. */
const newRows = 0.1;

/** What a person does with forms. */
export function useForm(
  device: SimDevice,
  client: Device,
  action: FormAction,
  context: ActionContext,
): void {
  const { forms } = device;
  switch (action.do) {
    case 'openForm':
      openForm(forms, client, action, context);
      return device.tell();
    case 'type': {
      const form = pick(forms.open, action.form);
      if (form === undefined) return;
      type(form, client, action, context);
      return device.tell();
    }
    case 'answer': {
      const form = pick(forms.open, action.form);
      if (form === undefined) return;
      answer(form, client, action.theirs);
      return device.tell();
    }
    case 'saveForm': {
      const form = pick(forms.open, action.form);
      return form === undefined ? undefined : saveForm(device, client, form, context);
    }
    case 'leaveForm': {
      const form = pick(forms.open, action.form);
      if (form === undefined) return;
      if (action.discard) {
        form.session.discard();
        form.typed.clear();
      }
      form.session.close();
      forms.leave(form);
      return device.tell();
    }
    case 'resume':
      return resume(device, client, action, context);
    default:
      return action satisfies never;
  }
}

function openForm(
  forms: FormBook,
  client: Device,
  { table: name, row }: Extract<FormAction, { readonly do: 'openForm' }>,
  context: ActionContext,
): void {
  const place = placeOf(context, name);
  if (place === undefined || forms.open.length >= mostForms) return;
  const { table } = place;
  if (!client.store.schema.has(table.name)) return;
  const isNew = row >= 1 - newRows;
  const id = isNew ? null : pick(idsOf(client, table), row / (1 - newRows));
  if (id === undefined) return;
  const session = client.openForm(table.name, id);
  const form: OpenForm = { session, table: table.name, rowId: id, typed: new Map() };
  forms.open.push(form);
  if (!isNew) return;
  // What a new row cannot be saved without comes first.
  for (const [column, value] of Object.entries(newValues(client, place, row))) {
    enter(form, client, column, value);
  }
}

/** Types into a field, what fits or what does not. */
function type(
  form: OpenForm,
  client: Device,
  { field: at, valid }: Extract<FormAction, { readonly do: 'type' }>,
  context: ActionContext,
): void {
  const place = placeOf(context, form.table);
  if (place === undefined) return;
  const texts = new Set(place.columns);
  const others = new Map(place.typed.map((column) => [column.name, column]));
  const bases = fieldsOf(form)
    .map((field) => baseName(field.column))
    .filter((base) => texts.has(base) || others.has(base));
  const base = pick(bases, at);
  if (base === undefined) return;
  const n = context.next();
  const other = others.get(base);
  const input = other === undefined ? tokenText(n) : valueFor(client, other, n);
  enter(form, client, base, valid ? input : unfitFor(columnOf(client.model, form.table, base), n));
}

/** Nothing that the column can hold. */
function unfitFor(column: Column | undefined, n: number): string {
  const length = column?.maxLength;
  return length === undefined ? `no value ${n}` : 'x'.repeat(Math.min(length, 5000) + 1 + (n % 7));
}

/** Fields that a person can type into. */
function fieldsOf({ session }: OpenForm): readonly FieldState[] {
  return session.current.sections
    .flatMap((section) => section.fields)
    .filter((field) => field.visible && !field.locked && !field.masked);
}

/** The cell of a value as a field shows it. */
export function shownCell(column: Column, value: ColumnValue): Cell {
  return valueToCells(column, value)[column.name] ?? null;
}

/** A field by the first name of its column. */
export function fieldOf({ session }: OpenForm, base: string): FieldState | undefined {
  return session.current.sections
    .flatMap((section) => section.fields)
    .find((field) => baseName(field.column) === base);
}

function enter(form: OpenForm, client: Device, name: string, input: unknown): void {
  const column = columnOf(client.model, form.table, name);
  const before = fieldOf(form, name);
  if (column === undefined || before === undefined) return;
  const known = form.typed.get(name);
  const shown = known === undefined ? shownCell(column, before.value) : known.shown;
  form.session.set(column.name, input);
  const after = fieldOf(form, name);
  if (after === undefined) return;
  const isUnfit = after.text !== null;
  const cell = isUnfit ? after.text : shownCell(column, after.value);
  const row = form.rowId === null ? undefined : cellOf(client, form.table, form.rowId, name);
  // What the row has anyway is nothing to save.
  if (!isUnfit && row !== undefined && (cell === row || cell === shown)) form.typed.delete(name);
  else form.typed.set(name, { cell, isUnfit, shown, isForced: false });
}

/** Says what is to become of a field under which the row has changed. */
function answer(form: OpenForm, client: Device, theirs: boolean): void {
  const field = fieldsOf(form).find((one) => one.theirs !== null);
  const base = baseName(field?.column ?? '');
  const known = form.typed.get(base);
  const column = columnOf(client.model, form.table, base);
  if (field === undefined || field.theirs === null || column === undefined) return;
  if (theirs) {
    form.session.takeTheirs(field.column);
    form.typed.delete(base);
    return;
  }
  const shown = shownCell(column, field.theirs.now);
  form.session.keepMine(field.column);
  if (known !== undefined) form.typed.set(base, { ...known, shown, isForced: true });
}

/** Saves a form; what it wrote is noted with what it had shown. */
function saveForm(device: SimDevice, client: Device, form: OpenForm, context: ActionContext): void {
  const isNew = form.rowId === null;
  const place = placeOf(context, form.table);
  const watched = [...form.typed].filter(
    ([column, { cell }]) =>
      place !== undefined &&
      isWatched(place, column) &&
      (form.rowId === null || cellOf(client, form.table, form.rowId, column) !== cell),
  );
  const result = form.session.save();
  if (result.kind === 'refused') return;
  const { id } = result;
  form.rowId = id;
  form.typed.clear();
  if (place === undefined) return device.tell();
  const { table } = place;
  const shown = new Map(watched.map(([column, one]) => [column, isNew ? undefined : one.shown]));
  const cells = new Map(watched.map(([column, one]) => [column, one.cell]));
  noteSaved(device, client, { table, id, shown, cells }, context);
  context.ledger.force(
    watched.flatMap(([slot, { isForced, cell }]) =>
      isForced ? [nameOf({ table: form.table, id, slot, cell })] : [],
    ),
  );
}

function isWatched({ columns, typed }: Place, column: string): boolean {
  return columns.includes(column) || typed.some((one) => one.name === column);
}

/** Comes back to a form that was left: goes on with what was typed, or gives it up. */
function resume(
  device: SimDevice,
  client: Device,
  { draft: at, how }: Extract<FormAction, { readonly do: 'resume' }>,
  { places }: ActionContext,
): void {
  const { forms } = device;
  const draft = pick(client.drafts(), at);
  if (draft === undefined || forms.open.length >= mostForms) return;
  if (!places.some((one) => one.table.name === draft.table)) return;
  const { table, rowId } = draft;
  const drafts = client.drafts();
  const options = how === 'continue' ? { draft: draft.id } : {};
  const session = client.openForm(table, rowId, options);
  const form: OpenForm = { session, table, rowId, typed: new Map() };
  // The form may offer another draft of the row.
  const offered = how === 'continue' ? draft.id : session.current.draft?.id;
  const taken = how === 'continue' ? draft : drafts.find((one) => one.id === offered);
  const known = taken === undefined ? undefined : knownAs(forms, taken);
  if (how === 'restore') session.restore();
  if (how === 'forget') session.forget();
  if (known !== undefined) {
    forms.left.splice(forms.left.indexOf(known), 1);
    if (how !== 'forget') for (const [column, one] of known.typed) form.typed.set(column, one);
  }
  forms.open.push(form);
  device.tell();
}

type Draft = ReturnType<Device['drafts']>[number];

/** The form that a draft was left by. */
export function knownAs({ left }: FormBook, draft: Draft): KnownForm | undefined {
  const kept = left.filter((form) => isKeptBy(form, draft));
  return kept.sort((a, b) => b.typed.size - a.typed.size)[0];
}

/** Whether a draft holds all that a form was left with. */
export function isKeptBy(form: KnownForm, { table, rowId, typed }: Draft): boolean {
  if (form.table !== table || form.rowId !== rowId) return false;
  return [...form.typed].every(([column, { cell, isUnfit }]) => {
    const ofColumn = ([name]: readonly [string, unknown]) => baseName(name) === column;
    if (isUnfit) return Object.entries(typed.unfit).find(ofColumn)?.[1].text === cell;
    const value = Object.entries(typed.values).find(ofColumn)?.[1] ?? null;
    return plainCell(value) === cell;
  });
}

function plainCell(value: ColumnValue): Cell {
  if (isLookupValue(value)) return value.id;
  if (typeof value === 'boolean') return value ? 1 : 0;
  return typeof value === 'object' ? null : value;
}
