import { type Form, formColumns, parseValue, type RowValues, versionColumn } from '@outpost/model';
import type {
  ColumnExplanation,
  Effects,
  FlowCommand,
  Recommendation,
  RuleExplanation,
  RuleSession,
} from '@outpost/rules';
import { touchesRow, type WriteTx } from '@outpost/store';
import { BehaviorSubject, type Observable, type Subscription } from 'rxjs';
import { DeviceError } from '../device-error.ts';
import { type ReadOnly, readOnlyOf } from '../save/closed-row.ts';
import { createRow, type RefusalReason, type SaveResult, updateRow } from '../save/save-row.ts';
import type { Session } from '../session.ts';
import { type FieldState, fieldOf } from './field-state.ts';
import { type FlowState, moveFlow, readFlow } from './flow-control.ts';
import type { FormDraft, FormDrafts, TypingText } from './form-drafts.ts';
import { formOf } from './form-of.ts';
import { FormValues, type RowSeen, type Typed } from './form-values.ts';
import { merged, textOf, typedNow } from './typed-now.ts';

export interface FormState {
  readonly table: string;
  readonly id: string | null;
  readonly title: string;
  readonly sections: readonly { readonly label: string; readonly fields: readonly FieldState[] }[];
  readonly recommendations: readonly Recommendation[];
  /** The process flow of a saved row, with the stages that its values as edited lead to; null: none works here. */
  readonly flow: FlowState | null;
  readonly dirty: boolean;
  /** Why the row cannot be edited now: it is closed. What was typed before stays. Null: it can. */
  readonly readOnly: ReadOnly | null;
  /** What was typed into this form earlier and neither saved nor given up: `restore` or `forget` it. */
  readonly draft: Pick<FormDraft, 'id' | 'at' | 'title'> | null;
  /** The line that was being typed when the form was left. */
  readonly typing: TypingText | null;
  /** What was typed into columns that the table has no more; kept as a draft until `discard`. */
  readonly leftOver: RowValues;
}

/** What a form works with. */
export interface FormHost {
  /** The app as it is now; null: it is not here. */
  session(): Session | null;
  readonly drafts: FormDrafts;
  /** Emits when what is open must not be seen any more. */
  readonly hidden: Observable<unknown>;
}

const noRow: RowSeen = { values: {}, version: null };
const nothingShown: Omit<FormState, 'table' | 'id'> = {
  title: '',
  sections: [],
  recommendations: [],
  flow: null,
  dirty: false,
  readOnly: null,
  draft: null,
  typing: null,
  leftOver: {},
};
const nothingTyped: Typed = { values: {}, unfit: {}, seen: noRow };

/**
 * One open form: values under edit, with the effects of the business rules on them. Fields that are not edited follow the
 * row; an edit is based on what the form showed. What is typed is kept with the database until it is saved or given up.
 */
export class FormSession {
  readonly #host: FormHost;
  readonly #table: string;
  readonly #state: BehaviorSubject<FormState>;
  readonly #subscription: Subscription;
  #session: Session;
  #form: Form;
  #id: string | null;
  #values: FormValues;
  #rules: RuleSession;
  #offered: FormDraft | null;
  /** The draft that keeps what is typed here. */
  #draftId: string | null = null;
  #typing: TypingText | null = null;
  #leftOver: Typed = nothingTyped;
  #isClosed = false;

  /** `draft`: id of a draft to go on with, in place of one that is offered. */
  constructor(host: FormHost, session: Session, table: string, id: string | null, draft?: string) {
    this.#host = host;
    this.#session = session;
    this.#table = table;
    this.#id = id;
    this.#form = formOf(session, table);
    const drafts = host.drafts.list().filter((one) => one.table === table);
    this.#offered =
      draft === undefined
        ? (drafts.find((one) => one.rowId === id) ?? null)
        : (drafts.find((one) => one.id === draft && one.rowId === id) ?? null);
    if (draft !== undefined && this.#offered === null) {
      const message = `There is no draft "${draft}" of ${table} ${id ?? '(new)'}.`;
      throw new DeviceError('device.unknownDraft', message, 'Take one of `drafts()`.');
    }
    this.#values = new FormValues(id === null ? 'new' : (this.#findRow() ?? 'gone'));
    const opened = this.#openRules();
    this.#rules = opened.session;
    this.#putOfRules(opened.first.values);
    if (draft !== undefined) this.#takeDraft();
    this.#state = new BehaviorSubject(this.#compute());
    this.#subscription = session.store.commits.subscribe((set) => {
      if (!this.#isCurrent()) return this.#emit();
      const isRow = this.#id !== null && touchesRow(set, this.#table, this.#id);
      if (isRow) this.#follow();
      const instances = this.#session.model.flows
        .filter((flow) => flow.table === this.#table)
        .map((flow) => flow.instanceTable);
      if (isRow || instances.some((one) => set.tables.has(one))) this.#emit();
    });
    this.#subscription.add(host.hidden.subscribe(() => this.#hide()));
  }

  get state(): Observable<FormState> {
    return this.#state.asObservable();
  }
  get current(): FormState {
    return this.#state.value;
  }

  /** Sets a field from typed text or a value; what does not fit becomes the field's error, and stays as typed. */
  set(column: string, input: unknown): void {
    this.#isCurrent();
    const definition = this.#session.index.column(this.#table, column);
    if (definition === undefined) {
      const message = `Table "${this.#table}" has no column "${column}".`;
      throw new DeviceError('device.unknownColumn', message, 'Use the logical name of a column.');
    }
    if (this.#typing?.column === column) this.#typing = null;
    const parsed = parseValue(definition, input);
    if (parsed.kind === 'invalid')
      this.#values.putUnfit(column, { text: textOf(input), message: parsed.message });
    else this.#put({ [column]: parsed.value });
    this.#keep('full');
    this.#emit();
  }

  /** The line that is being typed into a field, as far as it is; null: it is no longer typed. */
  type(column: string, text: string | null): void {
    this.#typing = text === null ? null : { column, text };
    this.#keep('normal');
    this.#emit();
  }

  /** Applies a recommendation. */
  accept(recommendation: string): void {
    this.#isCurrent();
    const { values } = this.#rules.accept(recommendation);
    this.#followWith(this.#putOfRules(values));
    this.#keep('full');
    this.#emit();
  }

  /** The user has seen what the row has now: what is typed is saved over it without a conflict. */
  keepMine(column: string): void {
    this.#values.keepMine(column);
    this.#keep('full');
    this.#emit();
  }

  /** Gives up what was typed into a field: it shows what the row has now. */
  takeTheirs(column: string): void {
    this.#followWith({ [column]: this.#values.giveUp(column) });
    this.#keep('full');
    this.#emit();
  }

  /** Goes on with the draft that is offered. What is typed by now stays. */
  restore(): void {
    if (this.#offered === null) return;
    this.#isCurrent();
    this.#takeDraft();
    this.#keep('full');
    this.#emit();
  }

  /** Gives up the draft that is offered. */
  forget(): void {
    if (this.#offered === null) return;
    this.#host.drafts.forget(this.#offered.id);
    this.#offered = null;
    this.#emit();
  }

  /** Gives up everything that was typed: the form shows the row. */
  discard(): void {
    this.#isCurrent();
    this.#typing = null;
    this.#leftOver = nothingTyped;
    if (this.#draftId !== null) this.#host.drafts.forget(this.#draftId);
    this.#draftId = null;
    this.#begin(nothingTyped);
    this.#emit();
  }

  /** Which rules make a field what it is. */
  explain(column: string): ColumnExplanation {
    return this.#rules.explain(column);
  }

  /** Why a rule, named by its id, does what it does, or nothing. */
  whyNot(rule: string): RuleExplanation {
    return this.#rules.whyNot(rule);
  }

  /** Saves what was edited, and moves the row in its process flow. */
  moveFlow(command: FlowCommand): SaveResult {
    if (this.#id === null || this.current.dirty) {
      const saved = this.save();
      if (saved.kind === 'refused') return saved;
    }
    const { visible } = this.#rules.effects;
    return moveFlow(this.#session, this.#table, this.#id ?? '', command, visible);
  }

  /** Saves, or says everything that stands in the way. The edit is based on what the form showed. */
  save(): SaveResult {
    if (!this.#isCurrent()) this.#emit();
    // Of a row that is gone only that is said: its fields are empty for no fault of the user.
    const { sections } = this.#values.isGone ? nothingShown : this.current;
    const reasons = sections.flatMap(({ fields }) => fields.flatMap(reasonsOf));
    if (reasons.length > 0) return { kind: 'refused', reasons };
    const draft = Object.keys(this.#leftOver.values).length > 0 ? null : this.#draftId;
    const alongside =
      draft === null ? {} : { alongside: (tx: WriteTx) => this.#host.drafts.removeIn(tx, draft) };
    const { changed, staleBase } = this.#values;
    const result =
      this.#id === null
        ? createRow(this.#session, this.#table, changed, undefined, alongside)
        : updateRow(this.#session, this.#table, this.#id, changed, {
            ...alongside,
            seen: staleBase,
          });
    if (result.kind === 'refused') return result;
    this.#id = result.id;
    this.#typing = null;
    this.#values.reset(this.#findRow() ?? noRow);
    this.#keep('full');
    this.#emit();
    return result;
  }

  /** Closes the form. What was typed and not saved stays as a draft. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#subscription.unsubscribe();
    if (this.#draftId !== null) this.#host.drafts.leave(this.#draftId);
    this.#state.complete();
  }

  /** Closes the form of a user who is not signed in any more. */
  #hide(): void {
    const { table, id } = this.#state.value;
    this.#state.next({ ...nothingShown, table, id });
    this.close();
  }

  // Values

  /** Puts values over the row, and lets the rules look at them. */
  #put(values: RowValues): void {
    this.#followWith({ ...values, ...this.#values.put(values) });
  }

  /** The rules look at columns that show something else; what they write is part of the edit. */
  #followWith(values: RowValues): void {
    let shown = values;
    while (Object.keys(shown).length > 0) {
      shown = this.#putOfRules(this.#rules.change(shown).values);
    }
  }

  /** What rules write is part of the edit; a closed row is not edited, nor one that is gone. */
  #putOfRules(values: RowValues): RowValues {
    return this.#readOnly === null && !this.#values.isGone ? this.#values.put(values) : {};
  }

  get #readOnly(): ReadOnly | null {
    return readOnlyOf(this.#session, this.#session.table(this.#table), this.#values.row);
  }

  #follow(): void {
    this.#followWith(this.#values.follow(this.#findRow()));
  }

  /** The form anew, with what was typed over the row as it is. */
  #begin(typed: Typed): void {
    this.#values = new FormValues(this.#id === null ? 'new' : (this.#findRow() ?? 'gone'));
    const opened = this.#openRules();
    this.#rules = opened.session;
    this.#putOfRules(opened.first.values);
    this.#restore(typed);
  }

  #restore(typed: Typed): void {
    const { here, leftOver } = typedNow(this.#session.table(this.#table), typed);
    this.#leftOver = merged(this.#leftOver, leftOver);
    this.#values.restore(here);
    this.#followWith(here.values);
  }

  #takeDraft(): void {
    const draft = this.#offered;
    if (draft === null) return;
    const own = this.#draftId;
    this.#offered = null;
    this.#draftId = draft.id;
    this.#typing ??= draft.typing;
    this.#host.drafts.take(draft.id);
    this.#restore(draft.typed);
    if (own !== null) this.#host.drafts.forget(own);
  }

  /** Keeps what is typed; nothing is kept of a form that was only looked at. */
  #keep(durability: 'full' | 'normal'): void {
    const { drafts } = this.#host;
    const typed = merged(this.#values.typed, this.#leftOver);
    const isEmpty =
      Object.keys({ ...typed.values, ...typed.unfit }).length === 0 && this.#typing === null;
    if (isEmpty) {
      if (this.#draftId !== null) drafts.forget(this.#draftId);
      this.#draftId = null;
      return;
    }
    this.#draftId ??= drafts.newId();
    const { title } = this.#compute();
    const draft = {
      id: this.#draftId,
      table: this.#table,
      rowId: this.#id,
      title,
      typed,
      typing: this.#typing,
    };
    drafts.keep(draft, durability);
  }

  /** False: other definitions are here, and the form has been made anew from them. */
  #isCurrent(): boolean {
    const now = this.#host.session();
    if (now === null || now === this.#session || !now.tables.has(this.#table)) return true;
    const { typed } = this.#values;
    this.#session = now;
    this.#form = formOf(now, this.#table, this.#form.id);
    this.#begin(merged(typed, this.#leftOver));
    return false;
  }

  /** Null: the row is not on this device. */
  #findRow(): RowSeen | null {
    const { store } = this.#session;
    const values = this.#session.values(this.#table, this.#id ?? '');
    if (values === null) return null;
    const image = store.get(this.#table, this.#id ?? '');
    const at = store.schema.get(this.#table)?.slotIndex.get(versionColumn.name);
    const version = at === undefined ? null : image?.[at];
    return { values, version: typeof version === 'number' ? version : null };
  }

  #openRules() {
    const columns = formColumns(this.#form);
    const { program } = this.#session.rules(this.#table, { id: this.#form.id, columns });
    return program.open(this.#values.values, this.#id === null ? 'create' : 'update');
  }

  // State

  #emit(): void {
    this.#state.next(this.#compute());
  }

  #compute(): FormState {
    const isNew = this.#id === null;
    const { effects } = this.#rules;
    const { values } = this.#values;
    const definition = this.#session.table(this.#table);
    const { primaryName, label } = definition;
    const name = primaryName === null ? null : values[primaryName];
    const readOnly = this.#readOnly;
    const context = {
      readOnly,
      session: this.#session,
      table: this.#table,
      isNew,
      values: this.#values,
      effects,
    };
    const offered = this.#offered;
    return {
      table: this.#table,
      id: this.#id,
      title: typeof name === 'string' && name !== '' ? name : isNew ? `New ${label}` : label,
      sections: this.#form.tabs.flatMap((tab) =>
        tab.sections.map((section) => ({
          label: section.label || tab.label,
          fields: section.controls.flatMap((control) => fieldOf(context, control)),
        })),
      ),
      recommendations: readOnly === null ? effects.recommendations : [],
      flow: this.#flow(effects),
      dirty: this.#values.isDirty,
      readOnly,
      draft: offered === null ? null : { id: offered.id, at: offered.at, title: offered.title },
      typing: this.#typing,
      leftOver: this.#leftOver.values,
    };
  }

  #flow({ visible }: Effects): FlowState | null {
    if (this.#id === null) return null;
    return readFlow(this.#session, this.#table, this.#id, { row: this.#values.values, visible });
  }
}

function reasonsOf(field: FieldState): readonly RefusalReason[] {
  if (field.error !== null) {
    return [{ kind: 'ruleError', column: field.column, code: '0x80040265', message: field.error }];
  }
  if (!field.required || !field.visible || field.value !== null) return [];
  const message = `${field.label} is required.`;
  return [{ kind: 'requiredColumn', column: field.column, message }];
}
