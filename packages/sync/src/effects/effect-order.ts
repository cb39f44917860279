import { type Entry, type Reader, readEntries } from '../outbox/entry.ts';
import type { EntryKey } from '../protocol/index.ts';
import { readEffects } from './effect.ts';

/**
 * In which order edits go up whose effects touch other edited rows. Edits of a child go before the deletion that takes
 * it along, or they would find nothing. Edits of a row that came after an effect on it go when the effect is in the base:
 * only then is the version known that they are based on.
 */
export class EffectOrder {
  readonly #reader: Reader;
  readonly #isIdle: boolean;

  constructor(reader: Reader) {
    this.#reader = reader;
    this.#isIdle = reader.all('SELECT 1 FROM "$effect" LIMIT 1').length === 0;
  }

  /** Whether entries that are carried out as one have to wait; `taken`: keys of those that go before them. */
  holdsBack(group: readonly Entry[], taken: ReadonlySet<string>): boolean {
    if (this.#isIdle) return false;
    const own = new Set(group.map((one) => keyName(one.key)));
    return group.some((entry) => {
      const on = readEffects(
        this.#reader,
        `f.table_name = ? AND f.row_id = ? AND f.seq < ? AND o.state <> 'refused'`,
        [entry.table, entry.id, entry.key[1]],
      );
      if (on.some((one) => !own.has(keyName(one.key)))) return true;
      const does = readEffects(this.#reader, 'f.epoch = ? AND f.seq = ?', [...entry.key]);
      return does.some((effect) =>
        readEntries(
          this.#reader,
          `table_name = ? AND row_id = ? AND seq < ? AND state IN ('queued', 'sent')`,
          [effect.table, effect.id, entry.key[1]],
        ).some((one) => !own.has(keyName(one.key)) && !taken.has(keyName(one.key))),
      );
    });
  }
}

function keyName([epoch, seq]: EntryKey): string {
  return `${epoch}/${seq}`;
}
