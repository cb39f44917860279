import { type Cell, type Column, isPolymorphic } from '@outpost/model';
import type { ChangeSet, DeviceStore, RowChange, RowImage } from '@outpost/store';
import type { ResolvedQuery } from '../plan/resolved-query.ts';
import type { Predicate, RowReader } from '../predicate/evaluate.ts';

/** Row images as of before and after one commit. */
export class CommitImages {
  readonly #store: DeviceStore;
  readonly #changes = new Map<string, ReadonlyMap<string, RowChange>>();

  constructor(store: DeviceStore, set: ChangeSet | null) {
    this.#store = store;
    for (const [table, changes] of set?.tables ?? []) {
      if (changes.kind !== 'rows') continue;
      this.#changes.set(table, new Map(changes.rows.map((change) => [change.id, change])));
    }
  }

  read(table: string, id: string, state: 'before' | 'after'): RowImage | null {
    const change = this.#changes.get(table)?.get(id);
    if (change !== undefined) return change[state];
    return this.#store.schema.has(table) ? this.#store.get(table, id) : null;
  }

  change(table: string, id: string): RowChange | undefined {
    return this.#changes.get(table)?.get(id);
  }

  position(table: string, slot: string): number {
    return this.#store.schema.get(table)?.slotIndex.get(slot) ?? -1;
  }
}

export interface ReaderOptions {
  readonly resolved: ResolvedQuery;
  readonly joinFilters: ReadonlyMap<string, Predicate>;
  /** Primary name of a table; null: it has none. */
  readonly primaryName: (table: string) => string | null;
}

/** One row of a view from images: its own and those of the rows its unique links lead to, read when they are needed. */
export class ImageReader implements RowReader {
  readonly #options: ReaderOptions;
  readonly #images: CommitImages;
  readonly #state: 'before' | 'after';
  readonly #found = new Map<string, RowImage | null>();
  readonly #tables = new Map<string, string>();

  constructor(
    options: ReaderOptions,
    images: CommitImages,
    root: RowImage,
    state: 'before' | 'after',
  ) {
    this.#options = options;
    this.#images = images;
    this.#state = state;
    const { resolved } = options;
    this.#found.set(resolved.root.sql, root);
    this.#tables.set(resolved.root.sql, resolved.root.table.name);
    for (const { source } of resolved.joins) this.#tables.set(source.sql, source.table.name);
  }

  cell(slot: string, source: string): Cell {
    const image = this.image(source);
    if (image === null) return null;
    return image[this.#images.position(this.#tables.get(source) ?? '', slot)] ?? null;
  }

  folded(slot: string, source: string): Cell | undefined {
    const position = this.#images.position(this.#tables.get(source) ?? '', `${slot}$f`);
    if (position < 0) return undefined;
    return this.image(source)?.[position] ?? null;
  }

  targetName(name: string, source: string): string | null {
    const column = this.#column(name, source);
    const id = this.cell(name, source);
    if (column === undefined || typeof id !== 'string') return null;
    const typed = isPolymorphic(column) ? this.cell(`${name}$t`, source) : column.targets?.[0];
    const current = typeof typed === 'string' ? this.nameOf(typed, id) : null;
    const stored = this.cell(`${name}$n`, source);
    return current ?? (stored === null ? null : String(stored));
  }

  /** Current name of a row; null where it is not here or has none. */
  nameOf(table: string, id: string): string | null {
    const primaryName = this.#options.primaryName(table);
    if (primaryName === null) return null;
    const image = this.#images.read(table, id, this.#state);
    const name = image?.[this.#images.position(table, primaryName)] ?? null;
    return name === null ? null : String(name);
  }

  /** Image of a linked row; null where the link leads nowhere. */
  image(source: string): RowImage | null {
    const known = this.#found.get(source);
    if (known !== undefined) return known;
    const join = this.#options.resolved.joins.find((one) => one.source.sql === source);
    const to = join?.on[1];
    const id = to !== undefined && 'slot' in to ? this.cell(to.slot, to.source.sql) : null;
    const image =
      join === undefined || typeof id !== 'string'
        ? null
        : this.#images.read(join.source.table.name, id, this.#state);
    this.#found.set(source, image);
    const filter = this.#options.joinFilters.get(source);
    if (image !== null && filter !== undefined && !filter(this)) this.#found.set(source, null);
    return this.#found.get(source) ?? null;
  }

  /** Whether every link that must lead to a row does. */
  linked(): boolean {
    return this.#options.resolved.joins.every(
      ({ type, source }) => type !== 'inner' || this.image(source.sql) !== null,
    );
  }

  #column(name: string, source: string): Column | undefined {
    const { resolved } = this.#options;
    const table =
      resolved.root.sql === source
        ? resolved.root.table
        : resolved.joins.find((one) => one.source.sql === source)?.source.table;
    return table?.columns.find((one) => one.name === name);
  }
}
