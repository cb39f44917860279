import {
  type ColumnRight,
  type ColumnValue,
  type FormControl,
  isMadeByPlatform,
  lookupUnavailable,
} from '@outpost/model';
import type { Effects } from '@outpost/rules';
import type { ReadOnly } from '../save/closed-row.ts';
import { mayUse } from '../save/save-row.ts';
import type { Session } from '../session.ts';
import type { FormValues, Overtaken } from './form-values.ts';

/** One field of an open form. */
export interface FieldState {
  readonly column: string;
  readonly label: string;
  readonly value: ColumnValue;
  /** What was typed and does not fit, with the reason in `error`; null: `value` is what was typed, or the row's. */
  readonly text: string | null;
  /** The row has changed under what is typed here: saved, it is a conflict, unless `keepMine` or `takeTheirs` is chosen. */
  readonly theirs: Overtaken | null;
  readonly required: boolean;
  /** The platform makes the value, and has not yet: the organization gives it when the row gets there. */
  readonly given: boolean;
  /** A value is wished for; nothing depends on it. */
  readonly recommended: boolean;
  readonly visible: boolean;
  readonly locked: boolean;
  /** The user may not read the column: its value is not on this device. */
  readonly masked: boolean;
  /** Message of a rule or of a value that does not fit. */
  readonly error: string | null;
}

/** What decides how a field is. */
export interface FieldContext {
  readonly session: Session;
  readonly table: string;
  readonly isNew: boolean;
  readonly values: FormValues;
  readonly effects: Effects;
  /** Why nothing can be edited; null: it can. */
  readonly readOnly: ReadOnly | null;
}

/** The field of a control; none where its column is not in the table. */
export function fieldOf(context: FieldContext, control: FormControl): readonly FieldState[] {
  const { session, table, isNew, values, effects } = context;
  const column = session.index.column(table, control.column);
  if (column === undefined) return [];
  const { name } = column;
  const { required, visible, locked, errors } = effects;
  const mayHave = (right: ColumnRight) => mayUse(session, session.table(table), name, right);
  const base = column.required === 'required' || column.required === 'system';
  // A lookup whose rows are not here can be read, not chosen.
  const unavailable = lookupUnavailable(session.index, column, session.tables);
  const unfit = values.unfit(name);
  const value = values.values[name] ?? null;
  const isLocked =
    context.readOnly !== null ||
    unavailable !== null ||
    !mayHave(isNew ? 'create' : 'update') ||
    (locked[name] ?? (control.readOnly === true || column.readOnly === true));
  const given =
    value === null &&
    values.isUnsent &&
    column.composedOf === undefined &&
    isMadeByPlatform(session.table(table), column);
  return [
    {
      column: name,
      label: control.label || column.label,
      value,
      text: unfit?.text ?? null,
      theirs: values.overtaken(name),
      // Nobody can fill what is locked, and nobody is asked for what the platform makes.
      required:
        !given &&
        !(value === null && isLocked) &&
        (required[name] === undefined ? base : required[name] === 'required'),
      given,
      recommended: (required[name] ?? column.required) === 'recommended',
      visible: visible[name] ?? control.hidden !== true,
      locked: isLocked,
      masked: !mayHave('read'),
      error: unfit?.message ?? errors[name] ?? null,
    },
  ];
}
