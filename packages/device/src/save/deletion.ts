import {
  type CascadeStep,
  dataverseErrors,
  restrictedMessage,
  tooManyMessage,
} from '@outpost/model';
import type { Session } from '../session.ts';
import type { RefusalReason } from './save-row.ts';

/** Names that are told of many rows. */
const namesTold = 3;

/** Rows of one table that a deletion takes along or changes. */
export interface AffectedRows {
  readonly table: string;
  readonly count: number;
  /** What the first of them are called; rows without a name are left out. */
  readonly names: readonly string[];
}

/** What deleting a row would do, as far as this device knows: the organization may know of more. */
export interface Deletion {
  readonly table: string;
  readonly id: string;
  readonly name: string | null;
  /** Go with it, because their relationship cascades. */
  readonly deleted: readonly AffectedRows[];
  /** Stay, and refer to nothing in this column any more. */
  readonly unlinked: readonly (AffectedRows & { readonly column: string })[];
  /** Why the row cannot be deleted now: privileges, the command matrix, or rows that forbid it. */
  readonly reasons: readonly RefusalReason[];
}

/** What deleting a row would do; `reasons` are those that do not lie in other rows. */
export function describeDeletion(
  session: Session,
  table: string,
  id: string,
  reasons: readonly RefusalReason[],
): Deletion {
  const plan = session.sync.outbox.effects.planDeletion(table, id);
  const steps = plan?.kind === 'planned' ? plan.steps : [];
  const others = steps.filter((step) => !(step.do === 'delete' && step.isTwin) && step.id !== id);
  const gone = others.filter((step) => step.do === 'delete');
  const cleared = others.filter(
    (step) =>
      step.do === 'clear' && !gone.some((one) => one.table === step.table && one.id === step.id),
  );
  return {
    table,
    id,
    name: nameOf(session, table, id),
    deleted: grouped(gone, (step) => step.table).map((rows) => affected(session, rows)),
    unlinked: grouped(cleared, (step) => `${step.table}/${columnOf(step)}`).map((rows) => ({
      ...affected(session, rows),
      column: columnOf(rows[0]),
    })),
    reasons: [...reasons, ...cascadeReasons(session, table, id)],
  };
}

/** Why other rows forbid that a row is deleted, as the organization will say it. */
export function cascadeReasons(
  session: Session,
  table: string,
  id: string,
): readonly RefusalReason[] {
  const plan = session.sync.outbox.effects.planDeletion(table, id);
  switch (plan?.kind) {
    case 'restricted':
      return [
        {
          kind: 'restricted',
          code: dataverseErrors.cannotDeleteDueToAssociation,
          table: plan.child.name,
          count: plan.count,
          message: restrictedMessage(plan.table, plan.child, plan.count),
        },
      ];
    case 'tooMany':
      return [
        {
          kind: 'tooManyRows',
          code: dataverseErrors.invalidArgument,
          message: tooManyMessage(plan.most),
        },
      ];
    default:
      return [];
  }
}

function grouped(
  steps: readonly CascadeStep[],
  key: (step: CascadeStep) => string,
): readonly (readonly CascadeStep[])[] {
  const groups = new Map<string, CascadeStep[]>();
  for (const step of steps) groups.set(key(step), [...(groups.get(key(step)) ?? []), step]);
  return [...groups.values()];
}

function affected(session: Session, steps: readonly CascadeStep[]): AffectedRows {
  const names = steps.slice(0, namesTold).flatMap(({ table, id }) => {
    const name = nameOf(session, table, id);
    return name === null ? [] : [name];
  });
  return { table: steps[0]?.table ?? '', count: steps.length, names };
}

function columnOf(step: CascadeStep | undefined): string {
  return step?.do === 'clear' ? step.column : '';
}

function nameOf(session: Session, table: string, id: string): string | null {
  const primary = session.index.table(table)?.primaryName ?? null;
  const name = primary === null ? null : session.values(table, id)?.[primary];
  return typeof name === 'string' ? name : null;
}
