/** A business process flow: stages a row passes, each with the columns it asks for. */
export interface ProcessFlow {
  readonly id: string;
  readonly name: string;
  /** Table of the first stage. */
  readonly table: string;
  /** Table that holds the instances of this flow. */
  readonly instanceTable: string;
  /** Lookup of the instance table that names the row. */
  readonly instanceColumn: string;
  readonly stages: readonly ProcessStage[];
}

export interface ProcessStage {
  readonly id: string;
  readonly name: string;
  readonly table: string;
  readonly steps: readonly ProcessStep[];
}

export interface ProcessStep {
  readonly column: string;
  readonly label: string;
  readonly required: boolean;
}
