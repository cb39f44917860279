import type { ProcessFlow } from '@outpost/model';

/** The stage after the one at a place of the list where no branch holds. */
export function nextOf(flow: ProcessFlow, at: number): string | null {
  const stage = flow.stages[at];
  return stage?.next === undefined ? (flow.stages[at + 1]?.id ?? null) : stage.next;
}
