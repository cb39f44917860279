import type { Entry } from '../outbox/entry.ts';
import type { EntryKey } from '../protocol/index.ts';
import type { Effect } from './effect.ts';

type Row = Pick<Entry, 'table' | 'id'>;

/**
 * In which order edits go up whose effects touch other edited rows. Edits of a child go before the deletion that takes
 * it along, or they would find nothing. Edits of a row that came after an effect on it go when the effect is in the base:
 * only then is the version known that they are based on.
 */
export class EffectOrder {
  readonly #rows = new Map<string, Set<string>>();
  readonly #effects = new Map<string, EntryKey[]>();
  readonly #waiting: readonly Entry[];

  /** `effects`: of all edits that are not settled; `open`: edits that are not applied. */
  constructor(effects: readonly Effect[], open: readonly Entry[]) {
    for (const { key, state, ...row } of effects) {
      if (state === 'refused') continue;
      const rows = this.#rows.get(keyName(key)) ?? new Set();
      this.#rows.set(keyName(key), rows.add(rowName(row)));
      this.#effects.set(rowName(row), [...(this.#effects.get(rowName(row)) ?? []), key]);
    }
    this.#waiting = effects.length === 0 ? [] : open.filter((one) => one.state !== 'refused');
  }

  /** Whether entries that are carried out as one have to wait; `taken`: keys of those that go before them. */
  holdsBack(group: readonly Entry[], taken: ReadonlySet<string>): boolean {
    if (this.#rows.size === 0) return false;
    const own = new Set(group.map((one) => keyName(one.key)));
    return group.some((entry) => {
      const after = (this.#effects.get(rowName(entry)) ?? []).some(
        (key) => key[1] < entry.key[1] && !own.has(keyName(key)),
      );
      const rows = this.#rows.get(keyName(entry.key));
      if (after || rows === undefined) return after;
      return this.#waiting.some(
        (one) =>
          one.key[1] < entry.key[1] &&
          rows.has(rowName(one)) &&
          !own.has(keyName(one.key)) &&
          !taken.has(keyName(one.key)),
      );
    });
  }
}

function keyName([epoch, seq]: EntryKey): string {
  return `${epoch}/${seq}`;
}

function rowName({ table, id }: Row): string {
  return `${table}/${id}`;
}
