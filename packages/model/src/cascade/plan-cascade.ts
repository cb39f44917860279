/**
 * What deleting a row, or giving it to another owner, does to the rows that point at it: decided here, for devices and
 * the organization alike. The kinds are those of Dataverse:
 * https://learn.microsoft.com/power-apps/developer/data-platform/configure-entity-relationship-cascading-behavior
 *
 * - delete: `cascade` takes the children along, `removeLink` empties their lookup, `restrict` forbids it.
 * - assign: `cascade` gives all children to the new owner, `active` those whose state is the first one (`statecode` 0),
 *   `userOwned` those of the row's old owner. Only rows that users own have an owner to change.
 */
import type { ModelIndex } from '../app-model.ts';
import type { CascadeKind, Table } from '../table.ts';
import { twinTables } from './activity-twin.ts';

/** Rows that one change may take along, if nothing else is said. */
export const maxCascadeRows = 50_000;

/** What planning has to know of rows. The ids of children come in order. */
export type CascadeQuestion =
  | {
      readonly ask: 'children';
      readonly table: string;
      readonly column: string;
      readonly id: string;
    }
  | { readonly ask: 'row'; readonly table: string; readonly id: string };

export interface CascadeRow {
  readonly owner: string | null;
  /** Its state is the first one. */
  readonly isActive: boolean;
}

/** Ids for `children`; for `row` the row, or null when there is none. */
export type CascadeAnswer = readonly string[] | CascadeRow | null;

/** One row that is changed, in the order in which it is done. */
export type CascadeStep =
  | {
      readonly do: 'delete';
      readonly table: string;
      readonly id: string;
      /** The same row in another view; it does not count as one more. */
      readonly isTwin: boolean;
    }
  | { readonly do: 'clear'; readonly table: string; readonly id: string; readonly column: string }
  | { readonly do: 'assign'; readonly table: string; readonly id: string };

export type CascadePlan =
  | { readonly kind: 'planned'; readonly steps: readonly CascadeStep[] }
  /** Rows of `child` forbid that a row of `table` is deleted. */
  | {
      readonly kind: 'restricted';
      readonly table: Table;
      readonly child: Table;
      readonly count: number;
    }
  | { readonly kind: 'tooMany'; readonly most: number };

/** A plan in the making: it asks about rows, and goes on with the answers. */
export type CascadePlanning = Generator<CascadeQuestion, CascadePlan, CascadeAnswer>;

type Stop = Exclude<CascadePlan, { readonly kind: 'planned' }>;
type Asking<T> = Generator<CascadeQuestion, T, CascadeAnswer>;

interface Progress {
  readonly index: ModelIndex;
  readonly most: number;
  readonly steps: CascadeStep[];
  /** Rows that are deleted, or about to be: `table/id`. */
  readonly gone: Set<string>;
  /** Lookups that are emptied: `table/id/column`. */
  readonly cleared: Set<string>;
  /** Rows that have got the new owner: `table/id`. */
  readonly assigned: Set<string>;
}

/** What deleting a row does: the last step but for its twin is the row itself. */
export function* planDelete(
  index: ModelIndex,
  table: Table,
  id: string,
  most: number = maxCascadeRows,
): CascadePlanning {
  const progress = begin(index, most);
  return (yield* remove(progress, table, id, false)) ?? { kind: 'planned', steps: progress.steps };
}

/** What giving a row from one owner to another does to other rows. */
export function* planAssign(
  index: ModelIndex,
  table: Table,
  id: string,
  owners: { readonly from: string | null; readonly to: string | null },
  most: number = maxCascadeRows,
): CascadePlanning {
  const progress = begin(index, most);
  progress.assigned.add(`${table.name}/${id}`);
  return (yield* assign(progress, table, id, owners)) ?? { kind: 'planned', steps: progress.steps };
}

/** Answers a plan's questions at once. */
export function answerNow(
  planning: CascadePlanning,
  answer: (question: CascadeQuestion) => CascadeAnswer,
): CascadePlan {
  let next = planning.next();
  while (next.done !== true) next = planning.next(answer(next.value));
  return next.value;
}

/** Answers a plan's questions, each in its time. */
export async function answerLater(
  planning: CascadePlanning,
  answer: (question: CascadeQuestion) => Promise<CascadeAnswer>,
): Promise<CascadePlan> {
  let next = planning.next();
  while (next.done !== true) next = planning.next(await answer(next.value));
  return next.value;
}

/** Why a row cannot be deleted, in the words of device and organization. */
export function restrictedMessage(table: Table, child: Table, count: number): string {
  const who =
    count === 1 ? `1 ${child.label} refers to it` : `${count} ${child.pluralLabel} refer to it`;
  return `${table.label} cannot be deleted: ${who}.`;
}

/** Why a change does not happen that would take too many rows along. */
export function tooManyMessage(most: number): string {
  return `The change would cascade to more than ${most} rows.`;
}

function begin(index: ModelIndex, most: number): Progress {
  return {
    index,
    most,
    steps: [],
    gone: new Set(),
    cleared: new Set(),
    assigned: new Set(),
  };
}

function* remove(
  progress: Progress,
  table: Table,
  id: string,
  isTwin: boolean,
): Asking<Stop | null> {
  const { index, gone, cleared, steps, most } = progress;
  gone.add(`${table.name}/${id}`);
  if (gone.size > most) return { kind: 'tooMany', most };
  for (const { table: name, column, cascade } of index.referenced(table.name)) {
    const child = index.table(name);
    if (child === undefined || cascade.delete === 'noCascade') continue;
    const children = (yield* childrenOf(name, column, id)).filter(
      (one) => !gone.has(`${name}/${one}`) && !cleared.has(`${name}/${one}/${column}`),
    );
    if (children.length > 0 && cascade.delete === 'restrict') {
      return { kind: 'restricted', table, child, count: children.length };
    }
    for (const one of children) {
      // An earlier one may have taken it along.
      if (gone.has(`${name}/${one}`)) continue;
      if (cascade.delete === 'cascade') {
        const stop = yield* remove(progress, child, one, false);
        if (stop !== null) return stop;
      } else if (cascade.delete === 'removeLink') {
        cleared.add(`${name}/${one}/${column}`);
        steps.push({ do: 'clear', table: name, id: one, column });
      }
    }
  }
  steps.push({ do: 'delete', table: table.name, id, isTwin });
  for (const twin of twinTables(index, table)) {
    if (gone.has(`${twin.name}/${id}`) || (yield* rowOf(twin.name, id)) === null) continue;
    const stop = yield* remove(progress, twin, id, true);
    if (stop !== null) return stop;
  }
  return null;
}

const assigning: readonly CascadeKind[] = ['cascade', 'active', 'userOwned'];

function* assign(
  progress: Progress,
  table: Table,
  id: string,
  { from, to }: { readonly from: string | null; readonly to: string | null },
): Asking<Stop | null> {
  const { index, assigned, steps, most } = progress;
  for (const { table: name, column, cascade } of index.referenced(table.name)) {
    const child = index.table(name);
    if (child?.ownership !== 'user' || !assigning.includes(cascade.assign)) continue;
    for (const one of yield* childrenOf(name, column, id)) {
      const key = `${name}/${one}`;
      const row = assigned.has(key) ? null : yield* rowOf(name, one);
      if (row === null || row.owner === to) continue;
      const isOutside =
        (cascade.assign === 'active' && !row.isActive) ||
        (cascade.assign === 'userOwned' && row.owner !== from);
      if (isOutside) continue;
      assigned.add(key);
      // The row itself is no cascade.
      if (assigned.size - 1 > most) return { kind: 'tooMany', most };
      steps.push({ do: 'assign', table: name, id: one });
      const stop = yield* assign(progress, child, one, { from: row.owner, to });
      if (stop !== null) return stop;
    }
  }
  return null;
}

function* childrenOf(table: string, column: string, id: string): Asking<readonly string[]> {
  const answer = yield { ask: 'children', table, column, id };
  return answer !== null && 'length' in answer ? answer : [];
}

function* rowOf(table: string, id: string): Asking<CascadeRow | null> {
  const answer = yield { ask: 'row', table, id };
  return answer !== null && 'owner' in answer ? answer : null;
}
