import {
  type ColumnRight,
  type ColumnValue,
  type Form,
  type FormControl,
  formColumns,
  lookupUnavailable,
  parseValue,
  type RowValues,
} from '@outpost/model';
import type {
  ColumnExplanation,
  Effects,
  FlowCommand,
  Recommendation,
  RuleExplanation,
  RuleSession,
} from '@outpost/rules';
import { BehaviorSubject, filter, type Observable, type Subscription } from 'rxjs';
import {
  createRow,
  mayUse,
  type RefusalReason,
  type SaveResult,
  updateRow,
} from '../save/save-row.ts';
import type { Session } from '../session.ts';
import { type FlowState, moveFlow, readFlow } from './flow-control.ts';

export interface FieldState {
  readonly column: string;
  readonly label: string;
  readonly value: ColumnValue;
  readonly required: boolean;
  /** A value is wished for; nothing depends on it. */
  readonly recommended: boolean;
  readonly visible: boolean;
  readonly locked: boolean;
  /** The user may not read the column: its value is not on this device. */
  readonly masked: boolean;
  /** Message of a rule or of a value that does not fit. */
  readonly error: string | null;
}

export interface FormState {
  readonly table: string;
  readonly id: string | null;
  readonly title: string;
  readonly sections: readonly { readonly label: string; readonly fields: readonly FieldState[] }[];
  readonly recommendations: readonly Recommendation[];
  /** The process flow of a saved row, with the stages that its values as edited lead to; null: none works here. */
  readonly flow: FlowState | null;
  readonly dirty: boolean;
}

/** One open form: values under edit, with the effects of the business rules on them. */
export class FormSession {
  readonly #session: Session;
  readonly #form: Form;
  readonly #state: BehaviorSubject<FormState>;
  #id: string | null;
  #values: RowValues;
  #changed: Record<string, ColumnValue> = {};
  #errors: Record<string, string> = {};
  readonly #rules: RuleSession;
  readonly #subscription: Subscription;

  constructor(session: Session, form: Form, id: string | null) {
    this.#session = session;
    this.#form = form;
    this.#id = id;
    this.#values = id === null ? {} : (session.values(form.table, id) ?? {});
    const columns = formColumns(form);
    const { program } = session.rules(form.table, { id: form.id, columns });
    const opened = program.open(this.#values, id === null ? 'create' : 'update');
    this.#rules = opened.session;
    this.#take(opened.first.values);
    this.#state = new BehaviorSubject(this.#compute());
    const instances = session.model.flows
      .filter((flow) => flow.table === form.table)
      .map((flow) => flow.instanceTable);
    this.#subscription = session.store.commits
      .pipe(filter((set) => instances.some((table) => set.tables.has(table))))
      .subscribe(() => this.#state.next(this.#compute()));
  }

  get state(): Observable<FormState> {
    return this.#state.asObservable();
  }
  get current(): FormState {
    return this.#state.value;
  }

  /** Sets a field from typed text or a value; what does not fit becomes the field's error. */
  set(column: string, input: unknown): void {
    const definition = this.#session.index.column(this.#form.table, column);
    if (definition === undefined) return;
    const parsed = parseValue(definition, input);
    const { [column]: _, ...errors } = this.#errors;
    this.#errors = errors;
    if (parsed.kind === 'invalid') this.#errors = { ...errors, [column]: parsed.message };
    else {
      this.#take({ [column]: parsed.value });
      this.#take(this.#rules.change({ [column]: parsed.value }).values);
    }
    this.#state.next(this.#compute());
  }

  /** Applies a recommendation. */
  accept(recommendation: string): void {
    const { values } = this.#rules.accept(recommendation);
    for (const column of Object.keys(values)) delete this.#errors[column];
    this.#take(values);
    this.#state.next(this.#compute());
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
    return moveFlow(this.#session, this.#form.table, this.#id ?? '', command, visible);
  }

  /** Saves, or says everything that stands in the way. */
  save(): SaveResult {
    const fields = this.current.sections.flatMap((section) => section.fields);
    const reasons = fields.flatMap((field): RefusalReason[] => {
      if (field.error !== null) {
        return [
          { kind: 'ruleError', column: field.column, code: '0x80040265', message: field.error },
        ];
      }
      if (field.required && field.visible && field.value === null) {
        const message = `${field.label} is required.`;
        return [{ kind: 'requiredColumn', column: field.column, message }];
      }
      return [];
    });
    if (reasons.length > 0) return { kind: 'refused', reasons };
    const { table } = this.#form;
    const result =
      this.#id === null
        ? createRow(this.#session, table, this.#changed)
        : updateRow(this.#session, table, this.#id, this.#changed);
    if (result.kind !== 'refused') {
      this.#id = result.id;
      this.#changed = {};
      this.#values = this.#session.values(table, result.id) ?? this.#values;
      this.#state.next(this.#compute());
    }
    return result;
  }

  close(): void {
    this.#subscription.unsubscribe();
    this.#state.complete();
  }

  #take(values: RowValues): void {
    this.#values = { ...this.#values, ...values };
    this.#changed = { ...this.#changed, ...values };
  }

  #compute(): FormState {
    const { table } = this.#form;
    const { effects } = this.#rules;
    const primary = this.#session.table(table).primaryName;
    const name = primary === null ? null : this.#values[primary];
    return {
      table,
      id: this.#id,
      title:
        typeof name === 'string' && name !== '' ? name : `New ${this.#session.table(table).label}`,
      sections: this.#form.tabs.flatMap((tab) =>
        tab.sections.map((section) => ({
          label: section.label || tab.label,
          fields: section.controls.flatMap((control) => this.#field(control, effects)),
        })),
      ),
      recommendations: effects.recommendations,
      flow: this.#flow(effects),
      dirty: Object.keys(this.#changed).length > 0,
    };
  }

  #flow({ visible }: Effects): FlowState | null {
    if (this.#id === null) return null;
    return readFlow(this.#session, this.#form.table, this.#id, { row: this.#values, visible });
  }

  #mayUse(column: string, right: ColumnRight): boolean {
    return mayUse(this.#session, this.#session.table(this.#form.table), column, right);
  }

  #field(control: FormControl, effects: Effects): FieldState[] {
    const column = this.#session.index.column(this.#form.table, control.column);
    if (column === undefined) return [];
    const { required, visible, locked, errors } = effects;
    const base =
      column.required === 'required' || (column.required === 'system' && column.readOnly !== true);
    const ownerless = column.type === 'owner' && this.#id === null;
    // A lookup whose rows are not here can be read, not chosen.
    const unavailable = lookupUnavailable(this.#session.index, column, this.#session.tables);
    return [
      {
        column: column.name,
        label: control.label || column.label,
        value: this.#values[column.name] ?? null,
        required:
          !ownerless &&
          (required[column.name] === undefined ? base : required[column.name] === 'required'),
        recommended: (required[column.name] ?? column.required) === 'recommended',
        visible: visible[column.name] ?? control.hidden !== true,
        locked:
          unavailable !== null ||
          !this.#mayUse(column.name, this.#id === null ? 'create' : 'update') ||
          (locked[column.name] ?? (control.readOnly === true || column.readOnly === true)),
        masked: !this.#mayUse(column.name, 'read'),
        error: this.#errors[column.name] ?? errors[column.name] ?? null,
      },
    ];
  }
}
