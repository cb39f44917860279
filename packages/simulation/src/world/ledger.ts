import type { Cell } from '@outpost/model';

/** An edit that a device has acknowledged, told apart by what it wrote. */
export interface LedgerEdit {
  /** What it is known by: see `nameOf`. */
  readonly name: string;
  readonly device: number;
  /** Who made it. */
  readonly author: string;
  readonly table: string;
  readonly id: string;
  readonly column: string;
  /** What its user was shown there; undefined: there was no row. */
  readonly shown: Cell | undefined;
  /** The row that a lookup points at since. */
  readonly target: string | null;
  /** Commits of the organization before it. */
  readonly commits: number;
  /** Edits saved as one. */
  readonly family: number;
}

/** Every acknowledged edit and what its user did about it: written from the calls, not from what the device keeps. */
export class Ledger {
  readonly edits: LedgerEdit[] = [];
  /** Rows that are gone from a device by its user's will, as `device/table/id`. */
  readonly #gone = new Set<string>();
  /** Those among them whose deletion was acknowledged, with the number of edits before it. */
  readonly #deleted = new Map<string, number>();
  /** Taken back, given up, or made on a disk that was replaced by an older copy. */
  readonly #released = new Set<string>();
  /** Edits that their users have sent over whatever the organization had. */
  readonly #forced = new Set<string>();
  #families = 0;

  /** Edits of one save. */
  saved(edits: readonly Omit<LedgerEdit, 'family'>[]): void {
    this.#families += 1;
    for (const edit of edits) this.edits.push({ ...edit, family: this.#families });
  }

  deleted(device: number, table: string, id: string): void {
    this.gone(device, table, id);
    this.#deleted.set(`${device}/${table}/${id}`, this.edits.length);
  }

  /** The deletion was taken back or given up; or was never made on this disk. */
  undeleted(device: number, table: string, id: string): void {
    this.#deleted.delete(`${device}/${table}/${id}`);
  }

  /** The row was taken back with the edit that made it, or went with the one that it belonged to. */
  gone(device: number, table: string, id: string): void {
    this.#gone.add(`${device}/${table}/${id}`);
  }

  /** Acknowledged deletions. */
  deletions(): readonly { readonly device: number; readonly table: string; readonly id: string }[] {
    return [...this.#deleted.keys()].map((row) => {
      const [device = '', table = '', id = ''] = row.split('/');
      return { device: Number(device), table, id };
    });
  }

  /** What a device did after the first `edits` edits was lost with its disk. */
  forgetSince(device: number, edits: number): void {
    this.release(
      this.edits.slice(edits).flatMap((one) => (one.device === device ? [one.name] : [])),
    );
    for (const [row, at] of this.#deleted) {
      if (at >= edits && row.startsWith(`${device}/`)) this.#deleted.delete(row);
    }
  }

  /** The user has given these up. */
  release(names: Iterable<string>): void {
    for (const name of names) this.#released.add(name);
  }

  isReleased(name: string): boolean {
    return this.#released.has(name);
  }

  /** The user knows what the organization has there, and sends these nevertheless. */
  force(names: Iterable<string>): void {
    for (const name of names) this.#forced.add(name);
  }

  isForced(name: string): boolean {
    return this.#forced.has(name);
  }

  /** A later edit of the same device took its place, or its row was deleted there, or the row that it points at. */
  isReplaced(edit: LedgerEdit): boolean {
    if (this.#gone.has(`${edit.device}/${edit.table}/${edit.id}`)) return true;
    if (edit.target !== null && this.#gone.has(`${edit.device}/${edit.target}`)) return true;
    const at = this.edits.indexOf(edit);
    return this.edits.some(
      (other, i) =>
        i > at &&
        other.device === edit.device &&
        other.id === edit.id &&
        other.column === edit.column,
    );
  }
}
