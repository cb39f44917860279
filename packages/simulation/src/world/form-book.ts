import type { FormSession } from '@outpost/device';
import type { Cell } from '@outpost/model';

/** What a person has typed into a field, as the person knows it. */
export interface TypedField {
  /** The text, or what it was understood as. */
  readonly cell: Cell;
  /** It does not fit the column. */
  readonly isUnfit: boolean;
  /** What the field showed before. */
  readonly shown: Cell;
  /** The person has seen that the row has changed, and wants this nevertheless. */
  readonly isForced: boolean;
}

/** A form that somebody has typed into, open or left. */
export interface KnownForm {
  readonly table: string;
  /** Null: of a new row. */
  rowId: string | null;
  readonly typed: Map<string, TypedField>;
}

export interface OpenForm extends KnownForm {
  readonly session: FormSession;
}

/** What people know of their forms on a device: written from what they did, not from what the device keeps. */
export class FormBook {
  readonly open: OpenForm[] = [];
  /** Left with something typed that was neither saved nor given up. */
  readonly left: KnownForm[] = [];
  #copy: readonly KnownForm[] = [];

  leave(form: OpenForm): void {
    this.open.splice(this.open.indexOf(form), 1);
    if (form.typed.size > 0) this.left.push(withoutSession(form));
  }

  /** The program has ended: nobody has left the forms, but they are not there any more. */
  end(): void {
    for (const form of [...this.open]) this.leave(form);
  }

  /** The disk is copied. `isOwner`: what is typed is on it. */
  copy(isOwner: boolean): void {
    const typed = [...this.left, ...this.open].filter((one) => one.typed.size > 0);
    this.#copy = isOwner ? typed.map(withoutSession) : [];
  }

  /** The copy is put in place. */
  restore(): void {
    this.open.length = 0;
    this.left.splice(0, this.left.length, ...this.#copy.map(withoutSession));
  }
}

function withoutSession({ table, rowId, typed }: KnownForm): KnownForm {
  return { table, rowId, typed: new Map(typed) };
}
