import type { System } from '@outpost/model';
import type { DeviceStore, SchemaModule, WriteTx } from '@outpost/store';
import type { Typed } from './form-values.ts';

/** Own table of this package in the device database: what is typed into forms and not saved. */
export const formModule: SchemaModule = {
  name: 'form',
  version: 1,
  migrate(driver, from) {
    if (from < 1) {
      driver.exec(
        `CREATE TABLE "$draft" (id TEXT PRIMARY KEY, table_name TEXT NOT NULL, row_id TEXT, at TEXT NOT NULL,
          title TEXT NOT NULL, typed TEXT NOT NULL) WITHOUT ROWID`,
      );
    }
  },
};

/** A line that is being typed. */
export interface TypingText {
  readonly column: string;
  readonly text: string;
}

/** What was typed into a form and neither saved nor given up. */
export interface FormDraft {
  readonly id: string;
  readonly table: string;
  /** Null: it was to become a new row. */
  readonly rowId: string | null;
  /** What the form was called. */
  readonly title: string;
  /** When it was last typed into, ISO 8601. */
  readonly at: string;
  readonly typed: Typed;
  /** The line that was being typed. */
  readonly typing: TypingText | null;
}

/** Keeps what is typed with the database, so that no key, crash or lost terminal takes it. */
export class FormDrafts {
  readonly #store: DeviceStore;
  readonly #system: System;
  /** Drafts of forms that are open: they are offered to no other form. */
  readonly #open = new Set<string>();

  constructor(store: DeviceStore, system: System) {
    this.#store = store;
    this.#system = system;
  }

  /** Newest first; without those of forms that are open. */
  list(): readonly FormDraft[] {
    const rows = this.#store.all(
      'SELECT id, table_name, row_id, at, title, typed FROM "$draft" ORDER BY at DESC, id',
    );
    return rows
      .map((row): FormDraft => {
        const kept = JSON.parse(String(row[5])) as Pick<FormDraft, 'typed' | 'typing'>;
        return {
          id: String(row[0]),
          table: String(row[1]),
          rowId: row[2] === null ? null : String(row[2]),
          at: String(row[3]),
          title: String(row[4]),
          ...kept,
        };
      })
      .filter((one) => !this.#open.has(one.id));
  }

  newId(): string {
    return this.#system.ids.next();
  }

  /** `full`: also a lost power does not take it. */
  keep(draft: Omit<FormDraft, 'at'>, durability: 'full' | 'normal'): void {
    const { id, table, rowId, title, typed, typing } = draft;
    this.#open.add(id);
    this.#store.write({ origin: 'system', durability, label: 'draft' }, (tx) => {
      const at = new Date(this.#system.clock.now()).toISOString();
      tx.sql
        .prepare(
          'INSERT OR REPLACE INTO "$draft" (id, table_name, row_id, at, title, typed) VALUES (?, ?, ?, ?, ?, ?)',
        )
        .run([id, table, rowId, at, title, JSON.stringify({ typed, typing })]);
    });
  }

  /** In the transaction that saves it. */
  removeIn(tx: WriteTx, id: string): void {
    tx.sql.prepare('DELETE FROM "$draft" WHERE id = ?').run([id]);
  }

  forget(id: string): void {
    this.#open.delete(id);
    this.#store.write({ origin: 'system', durability: 'full', label: 'draft' }, (tx) =>
      this.removeIn(tx, id),
    );
  }

  /** A form works on it. */
  take(id: string): void {
    this.#open.add(id);
  }

  /** The form is closed: what is left is offered again. */
  leave(id: string): void {
    this.#open.delete(id);
  }
}
