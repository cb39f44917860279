import type { ColumnValue } from '@outpost/model';

/** Values of the columns that the rules of a program speak of, by slot. */
export type Cells = ColumnValue[];

/** Where the slot of a column is looked up. */
export interface SlotSource {
  slotOf(column: string): number;
}

/** Slots by column name, given out as columns are met. */
export class Slots implements SlotSource {
  readonly #byName = new Map<string, number>();

  slotOf(column: string): number {
    const known = this.#byName.get(column);
    if (known !== undefined) return known;
    this.#byName.set(column, this.#byName.size);
    return this.#byName.size - 1;
  }

  /** Columns in the order of their slots. */
  get columns(): readonly string[] {
    return [...this.#byName.keys()];
  }
}

export function isEmpty(value: ColumnValue | undefined): boolean {
  return value === null || value === undefined || value === '';
}
