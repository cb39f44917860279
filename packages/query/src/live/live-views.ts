import type { Cell, Clock, ModelIndex } from '@outpost/model';
import type { ChangeSet, DeviceStore, RowChange } from '@outpost/store';
import { Observable, Subject } from 'rxjs';
import type { FetchQuery } from '../fetch-xml/ast.ts';
import type { QueryContext } from '../query-context.ts';
import type { QueryError } from '../query-error.ts';
import type { QueryPlan } from '../sql/compile.ts';
import { nextBoundary } from './next-boundary.ts';
import { CommitImages } from './row-images.ts';
import { ViewNode } from './view-node.ts';
import type { ViewSnapshot } from './view-snapshot.ts';

export interface LiveViewsOptions {
  readonly store: DeviceStore;
  readonly model: ModelIndex;
  readonly context: () => QueryContext;
  /** Wakes views whose relative dates move on; without one they follow commits only. */
  readonly clock?: Clock;
  readonly compile: (query: FetchQuery) => QueryPlan | readonly QueryError[];
}

export interface WatchOptions {
  readonly limit: number;
  readonly offset: number;
  readonly total: boolean;
}

interface Watched {
  readonly key: string;
  /** Views emit in the order in which they were opened. */
  readonly place: number;
  readonly node: ViewNode;
  readonly snapshots: Subject<ViewSnapshot>;
  subscribers: number;
}

/** Pages of a load are shown at most this often. */
const pauseMs = 250;

/**
 * All live views over one store. A commit moves every view first; then each affected one emits once, in the order in
 * which they were opened. Equal views share one node; the last subscriber takes it away.
 */
export class LiveViews {
  readonly #options: LiveViewsOptions;
  readonly #watched = new Map<string, Watched>();
  /** Nodes by table, slot and cell of an equality that all their rows pass. */
  readonly #routes = new Map<string, Map<string, Map<string | number, Set<ViewNode>>>>();
  /** Nodes without such an equality, by root table; and those that are asked again. */
  readonly #scans = new Map<string, Set<ViewNode>>();
  /** Nodes that read or show other rows than their own, by the table of those; and by every table they read. */
  readonly #parents = new Map<string, Set<ViewNode>>();
  readonly #readers = new Map<string, Set<ViewNode>>();
  readonly #byNode = new Map<ViewNode, Watched>();
  /** Nodes that took something up since the last emission. */
  #touched = new Set<ViewNode>();
  #opened = 0;
  /** Positions in images are those of this schema. */
  #schema: DeviceStore['schema'];
  #stop: (() => void)[] = [];
  #cancelTimer: (() => void) | null = null;
  #cancelPause: (() => void) | null = null;
  #visited = 0;

  constructor(options: LiveViewsOptions) {
    this.#options = options;
    this.#schema = options.store.schema;
  }

  /** Nodes that were looked at since the beginning, and what is watched now: for tests that count work. */
  get stats(): { readonly visited: number; readonly nodes: number; readonly timer: boolean } {
    return { visited: this.#visited, nodes: this.#watched.size, timer: this.#cancelTimer !== null };
  }

  watch(query: FetchQuery, options: WatchOptions): Observable<ViewSnapshot> {
    return new Observable<ViewSnapshot>((subscriber) => {
      const watched = this.#open(query, options);
      watched.subscribers += 1;
      subscriber.next({ ...watched.node.snapshot, patch: [{ op: 'reset' }] });
      const subscription = watched.snapshots.subscribe(subscriber);
      return () => {
        subscription.unsubscribe();
        watched.subscribers -= 1;
        if (watched.subscribers === 0) this.#close(watched);
      };
    });
  }

  /** The node of a view that is watched now. */
  node(query: FetchQuery, options: WatchOptions): ViewNode | null {
    return this.#watched.get(keyOf(query, options))?.node ?? null;
  }

  #open(query: FetchQuery, options: WatchOptions): Watched {
    const key = keyOf(query, options);
    const known = this.#watched.get(key);
    if (known !== undefined) return known;
    if (this.#watched.size === 0) this.#start();
    const { store, model, context, compile } = this.#options;
    const node = new ViewNode({
      store,
      model,
      limit: options.limit,
      offset: options.offset,
      withTotal: options.total,
      plan: () => {
        const plan = compile(query);
        return 'rows' in plan ? { plan, asOf: context().now } : plan;
      },
    });
    const place = this.#opened++;
    const watched: Watched = { key, place, node, snapshots: new Subject(), subscribers: 0 };
    this.#watched.set(key, watched);
    this.#byNode.set(node, watched);
    this.#file(node);
    this.#schedule();
    return watched;
  }

  #close({ key, node }: Watched): void {
    this.#watched.delete(key);
    this.#byNode.delete(node);
    this.#touched.delete(node);
    this.#unfile(node);
    if (this.#watched.size > 0) return this.#schedule();
    for (const stop of this.#stop.splice(0)) stop();
    this.#cancelTimer?.();
    this.#cancelPause?.();
    this.#cancelTimer = null;
    this.#cancelPause = null;
  }

  #start(): void {
    const { store } = this.#options;
    this.#schema = store.schema;
    const subscription = store.commits.subscribe((set) => this.#emit(set.commit));
    const stop = store.maintain({ name: 'live views', apply: (set) => this.#apply(set) });
    this.#stop = [stop, () => subscription.unsubscribe()];
  }

  // Dispatch

  #file(node: ViewNode): void {
    const table = node.plan?.resolved.root.table.name;
    if (table === undefined) return;
    for (const one of node.tables) fileIn(this.#readers, one, node);
    for (const one of node.parentTables) fileIn(this.#parents, one, node);
    const { routing } = node;
    if (routing === null) {
      fileIn(this.#scans, table, node);
      return;
    }
    const slots = this.#routes.get(table) ?? new Map();
    this.#routes.set(table, slots);
    const cells: Map<string | number, Set<ViewNode>> = slots.get(routing.slot) ?? new Map();
    slots.set(routing.slot, cells);
    for (const value of routing.values) fileIn(cells, value, node);
  }

  #unfile(node: ViewNode): void {
    for (const index of [this.#scans, this.#readers, this.#parents]) takeFrom(index, node);
    for (const [table, slots] of this.#routes) {
      for (const [slot, cells] of slots) {
        takeFrom(cells, node);
        if (cells.size === 0) slots.delete(slot);
      }
      if (slots.size === 0) this.#routes.delete(table);
    }
  }

  /** Row changes of root tables by the nodes they can concern. */
  #route(set: ChangeSet): ReadonlyMap<ViewNode, RowChange[]> {
    const routed = new Map<ViewNode, RowChange[]>();
    const add = (node: ViewNode, change: RowChange) => {
      this.#visited += 1;
      if (!node.concerns(change)) return;
      const changes = routed.get(node);
      if (changes === undefined) routed.set(node, [change]);
      else if (changes.at(-1) !== change) changes.push(change);
    };
    for (const [table, changes] of set.tables) {
      if (changes.kind !== 'rows') continue;
      const scans = this.#scans.get(table);
      const slots = this.#routes.get(table);
      if (scans === undefined && slots === undefined) continue;
      const schema = this.#options.store.schema.get(table);
      const routes = [...(slots ?? [])].map(
        ([slot, cells]) => [schema?.slotIndex.get(slot) ?? -1, cells] as const,
      );
      for (const change of changes.rows) {
        for (const node of scans ?? []) add(node, change);
        for (const [position, cells] of routes) {
          const before = change.before?.[position] ?? null;
          const after = change.after?.[position] ?? null;
          const first = before === null ? undefined : cells.get(before as string | number);
          for (const node of first ?? []) add(node, change);
          if (after === null || after === before) continue;
          for (const node of cells.get(after as string | number) ?? []) add(node, change);
        }
      }
    }
    return routed;
  }

  // Commits

  #apply(set: ChangeSet): void {
    const { store } = this.#options;
    if (this.#schema !== store.schema) {
      this.#schema = store.schema;
      return this.#recompile('definitions changed');
    }
    const routed = this.#route(set);
    const concerned = new Set<ViewNode>(routed.keys());
    const loading: string[] = [];
    for (const [table, changes] of set.tables) {
      const index = changes.kind === 'rows' ? this.#parents : this.#readers;
      for (const node of index.get(table) ?? []) concerned.add(node);
      if (changes.kind === 'loaded' && store.isLoading(table)) loading.push(table);
    }
    const images = new CommitImages(store, set);
    for (const node of concerned) {
      if (!routed.has(node)) this.#visited += 1;
      this.#touched.add(node);
      if (loading.some((table) => node.watches(table)) && this.#pause(node)) continue;
      node.apply(set, routed.get(node) ?? [], images);
    }
  }

  /** A view over a table that is being loaded waits; false: there is no clock to wake it. */
  #pause(node: ViewNode): boolean {
    const { clock } = this.#options;
    if (clock === undefined) return false;
    node.paused = true;
    this.#cancelPause ??= clock.schedule(clock.now() + pauseMs, () => {
      this.#cancelPause = null;
      for (const { node: one } of this.#watched.values()) {
        if (!one.paused) continue;
        one.paused = false;
        one.refresh('a load went on');
        this.#touched.add(one);
      }
      this.#emit(this.#options.store.commit);
    });
    return true;
  }

  #emit(commit: number): void {
    if (this.#touched.size === 0) return;
    const touched = [...this.#touched].flatMap((node) => this.#byNode.get(node) ?? []);
    this.#touched = new Set();
    for (const { node, snapshots } of touched.sort((a, b) => a.place - b.place)) {
      const snapshot = node.emit(commit);
      if (snapshot !== null) snapshots.next(snapshot);
    }
  }

  #recompile(reason: string): void {
    for (const { node } of this.#watched.values()) {
      this.#unfile(node);
      node.compile();
      node.refresh(reason);
      this.#touched.add(node);
      this.#file(node);
    }
    this.#schedule();
  }

  // Time

  /** One timer for the earliest moment at which a relative date means something else. */
  #schedule(): void {
    const { clock, context } = this.#options;
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    if (clock === undefined) return;
    const now = context();
    const boundaries = [...this.#watched.values()].flatMap(
      ({ node }) => nextBoundary(node.plan?.times ?? [], now) ?? [],
    );
    if (boundaries.length === 0) return;
    this.#cancelTimer = clock.schedule(Math.min(...boundaries), () => this.#tick());
  }

  #tick(): void {
    this.#cancelTimer = null;
    for (const { node } of this.#watched.values()) {
      const before = node.plan;
      if (before === null || before.times.length === 0) continue;
      this.#unfile(node);
      node.compile();
      this.#file(node);
      if (node.plan !== null && sameStatement(before, node.plan)) continue;
      node.refresh('time went on');
      this.#touched.add(node);
    }
    this.#emit(this.#options.store.commit);
    this.#schedule();
  }
}

function fileIn<K>(index: Map<K, Set<ViewNode>>, key: K, node: ViewNode): void {
  const nodes = index.get(key);
  if (nodes === undefined) index.set(key, new Set([node]));
  else nodes.add(node);
}

function takeFrom<K>(index: Map<K, Set<ViewNode>>, node: ViewNode): void {
  for (const [key, nodes] of index) {
    nodes.delete(node);
    if (nodes.size === 0) index.delete(key);
  }
}

function keyOf(query: FetchQuery, { limit, offset, total }: WatchOptions): string {
  return JSON.stringify([limit, offset, total, query]);
}

function sameStatement(before: QueryPlan, after: QueryPlan): boolean {
  const text = (plan: QueryPlan): readonly (string | readonly Cell[])[] => {
    const rows = plan.rows(1, 0);
    return [rows.text, rows.params];
  };
  return JSON.stringify(text(before)) === JSON.stringify(text(after));
}
