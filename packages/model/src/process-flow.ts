import type { Condition } from './business-rule.ts';

/** A business process flow: stages a row passes, each with the columns it asks for. */
export interface ProcessFlow {
  readonly id: string;
  readonly name: string;
  /** Table of the first stage. */
  readonly table: string;
  /** Table that holds the instances of this flow. Who may read it may use the flow. */
  readonly instanceTable: string;
  /** Lookup of the instance table that names the row. */
  readonly instanceColumn: string;
  /** Place among the flows of the table; the lowest is offered first. Default 0. */
  readonly order?: number;
  /** The first is where a row enters. */
  readonly stages: readonly ProcessStage[];
}

export interface ProcessStage {
  readonly id: string;
  readonly name: string;
  readonly table: string;
  /** 0 Qualify, 1 Develop, 2 Propose, 3 Close, 4 Identify, 5 Research, 6 Resolve, 7 Approval; -1 or absent: none. */
  readonly category?: number;
  readonly steps: readonly ProcessStep[];
  /** Where the row may go instead: the first branch whose condition holds. */
  readonly branches?: readonly StageBranch[];
  /** The stage after this one where no branch holds; null: none. Absent: the next in the list. */
  readonly next?: string | null;
}

/** Another next stage, under a condition on the row. */
export interface StageBranch {
  readonly when: Condition;
  readonly next: string;
}

export interface ProcessStep {
  readonly column: string;
  readonly label: string;
  readonly required: boolean;
}
