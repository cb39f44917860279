import { type ColumnValue, equalValues, type RowValues } from '@outpost/model';

/** A row as it was read. */
export interface RowSeen {
  readonly values: RowValues;
  /** Null: the organization has not said one yet. */
  readonly version: number | null;
}

const noRow: RowSeen = { values: {}, version: null };

/** The row has changed under what is typed. */
export interface Overtaken {
  /** What the form showed when the user began to type. */
  readonly shown: ColumnValue;
  /** What the row has now. */
  readonly now: ColumnValue;
}

/** A text that does not fit its column, and why. */
export interface Unfit {
  readonly text: string;
  readonly message: string;
}

/** What is typed into a form and not saved, with what the form showed below it. */
export interface Typed {
  readonly values: RowValues;
  readonly unfit: Readonly<Record<string, Unfit>>;
  readonly seen: RowSeen;
}

/**
 * The values of an open form: what it showed of the row, and what was typed over that. A field that is not edited follows
 * the row; one that is keeps what was typed, over what it showed when the typing began: that is what the edit is based on.
 */
export class FormValues {
  /** What the form shows, or showed when a field began to be edited. */
  #shown: Record<string, ColumnValue>;
  #version: number | null;
  #row: RowSeen;
  #changed: Record<string, ColumnValue> = {};
  #unfit: Record<string, Unfit> = {};
  /** Of a new row everything typed is kept, also what is empty: defaults are filled in otherwise. */
  #isNew: boolean;
  /** The row is not here now: nothing typed equals what it has, for it may come back. */
  #isGone = false;

  constructor(row: RowSeen | 'new' | 'gone') {
    this.#isNew = row === 'new';
    this.#isGone = row === 'gone';
    this.#row = typeof row === 'string' ? noRow : row;
    this.#shown = { ...this.#row.values };
    this.#version = this.#row.version;
  }

  /** The row as it is. */
  get row(): RowValues {
    return this.#row.values;
  }
  /** Values as shown. */
  get values(): RowValues {
    return { ...this.#shown, ...this.#changed };
  }
  /** What is to be saved. */
  get changed(): RowValues {
    return this.#changed;
  }
  get isDirty(): boolean {
    return Object.keys(this.#changed).length > 0 || Object.keys(this.#unfit).length > 0;
  }
  get typed(): Typed {
    const seen = { values: this.#pick(this.#shown), version: this.#version };
    return { values: this.#changed, unfit: this.#unfit, seen };
  }
  /** The row was here, or its draft says so, and is not: deleted, or out of the user's sight. */
  get isGone(): boolean {
    return this.#isGone;
  }
  /** The organization has not said a version of the row yet. */
  get isUnsent(): boolean {
    return this.#row.version === null;
  }
  unfit(column: string): Unfit | null {
    return this.#unfit[column] ?? null;
  }

  /** What a save is based on where that is not the row as it is; null: the form shows the row as it is. */
  get staleBase(): RowSeen | null {
    const columns = Object.keys(this.#changed);
    if (!columns.some((column) => this.overtaken(column) !== null)) return null;
    return { values: this.#pick(this.#shown), version: this.#version };
  }

  /** Null: the field is not edited, or the row has what it showed. */
  overtaken(column: string): Overtaken | null {
    if (!this.#isEdited(column)) return null;
    const shown = this.#shown[column] ?? null;
    const now = this.#row.values[column] ?? null;
    return equalValues(shown, now) ? null : { shown, now };
  }

  /** Takes in the row as it is now (null: it is gone); answers the fields that follow it. */
  follow(now: RowSeen | null): RowValues {
    const row = now ?? noRow;
    this.#isGone = now === null;
    this.#row = row;
    const followed: Record<string, ColumnValue> = {};
    for (const column of new Set([...Object.keys(this.#shown), ...Object.keys(row.values)])) {
      if (this.#followColumn(column)) followed[column] = row.values[column] ?? null;
    }
    this.#settle();
    return followed;
  }

  /** Puts values over the row; answers fields that follow it again because what was typed is what they showed. */
  put(values: RowValues): RowValues {
    const followed: Record<string, ColumnValue> = {};
    for (const [column, value] of Object.entries(values)) {
      delete this.#unfit[column];
      this.#changed[column] = value;
      if (this.#isNew || this.#isGone) continue;
      const now = this.#row.values[column] ?? null;
      const isShown = equalValues(value, this.#shown[column] ?? null);
      if (!isShown && !equalValues(value, now)) continue;
      // There is nothing to save of it.
      delete this.#changed[column];
      this.#shown[column] = now;
      if (!equalValues(value, now)) followed[column] = now;
    }
    this.#settle();
    return followed;
  }

  /** Keeps a text that does not fit; the value stays. */
  putUnfit(column: string, unfit: Unfit): void {
    this.#unfit[column] = unfit;
  }

  /** The user has seen what the row has now and wants their own value over it. */
  keepMine(column: string): void {
    if (this.overtaken(column) === null) return;
    this.#shown[column] = this.#row.values[column] ?? null;
    this.#settle();
  }

  /** Gives up what was typed into a field; answers what it shows now. */
  giveUp(column: string): ColumnValue {
    delete this.#changed[column];
    delete this.#unfit[column];
    this.#followColumn(column);
    this.#settle();
    return this.#shown[column] ?? null;
  }

  /** Everything typed is saved or given up. */
  reset(row: RowSeen): void {
    this.#isNew = false;
    this.#isGone = false;
    this.#changed = {};
    this.#unfit = {};
    this.#row = row;
    this.#shown = { ...row.values };
    this.#version = row.version;
  }

  /** Takes back what was typed earlier, with what the form showed then. What is typed by now stays. */
  restore({ values, unfit, seen }: Typed): void {
    const earlier = (column: string) => !this.#isEdited(column);
    for (const column of Object.keys({ ...values, ...unfit }).filter(earlier)) {
      if (Object.hasOwn(seen.values, column)) this.#shown[column] = seen.values[column] ?? null;
      const text = unfit[column];
      if (text !== undefined) this.#unfit[column] = text;
      if (Object.hasOwn(values, column)) this.#changed[column] = values[column] ?? null;
      // What was typed is in the row by now.
      if (
        !this.#isNew &&
        !this.#isGone &&
        equalValues(this.values[column] ?? null, this.#row.values[column] ?? null)
      )
        this.#forgetEqual(column);
    }
    // The older of both is what nothing typed here is newer than.
    if ((seen.version ?? 0) < (this.#version ?? 0)) this.#version = seen.version;
    this.#settle();
  }

  #forgetEqual(column: string): void {
    if (this.#unfit[column] !== undefined) return;
    delete this.#changed[column];
    this.#followColumn(column);
  }

  #isEdited(column: string): boolean {
    return Object.hasOwn(this.#changed, column) || Object.hasOwn(this.#unfit, column);
  }

  /** Whether the field shows something else now. */
  #followColumn(column: string): boolean {
    const now = this.#row.values[column] ?? null;
    if (equalValues(now, this.#shown[column] ?? null)) return false;
    if (this.#isEdited(column)) {
      // Others wrote what is typed here: there is nothing left to save.
      const isSame =
        !this.#isGone &&
        this.#unfit[column] === undefined &&
        equalValues(now, this.#changed[column] ?? null);
      if (!isSame) return false;
      delete this.#changed[column];
      this.#shown[column] = now;
      return false;
    }
    this.#shown[column] = now;
    return true;
  }

  /** Where nothing is overtaken, the form shows the row as it is. */
  #settle(): void {
    if (this.#isGone) return;
    const edited = Object.keys({ ...this.#changed, ...this.#unfit });
    if (edited.some((column) => this.overtaken(column) !== null)) return;
    this.#version = this.#row.version;
  }

  #pick(values: RowValues): RowValues {
    const edited = Object.keys({ ...this.#changed, ...this.#unfit });
    return Object.fromEntries(edited.map((column) => [column, values[column] ?? null]));
  }
}
