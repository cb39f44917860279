import type { ColumnValue, Diagnostic, RequirementLevel, RowValues } from '@outpost/model';

/** What the rules say about a row right now. Columns that no rule speaks of are absent. */
export interface Effects {
  readonly required: Readonly<Record<string, RequirementLevel>>;
  readonly visible: Readonly<Record<string, boolean>>;
  readonly locked: Readonly<Record<string, boolean>>;
  readonly errors: Readonly<Record<string, string>>;
  readonly recommendations: readonly Recommendation[];
}

/** A row and what the rules say about it. */
export interface RuleState extends Effects {
  /** Values of the columns that the rules speak of. */
  readonly values: RowValues;
}

export interface Recommendation {
  /** Names the recommendation to `accept`. */
  readonly id: string;
  readonly column: string;
  readonly title: string;
  readonly text: string;
}

/** What one step has changed: only that. Null: no rule speaks of the column any more. */
export interface EffectsDiff {
  /** Values that rules have written. */
  readonly values: RowValues;
  readonly required: Readonly<Record<string, RequirementLevel | null>>;
  readonly visible: Readonly<Record<string, boolean | null>>;
  readonly locked: Readonly<Record<string, boolean | null>>;
  readonly errors: Readonly<Record<string, string | null>>;
  readonly recommendations: {
    readonly added: readonly Recommendation[];
    readonly removed: readonly string[];
  };
  /** Rules that did not come to rest. */
  readonly diagnostics: readonly Diagnostic[];
}

/** One branch of a rule that decides something about a column. */
export interface Decision {
  readonly rule: string;
  /** Number of the branch, from 0; -1 is `otherwise`. */
  readonly branch: number;
  readonly value: ColumnValue;
  /** Values of the columns that the rule looks at. */
  readonly inputs: RowValues;
  /** Rules in force that say something else and come earlier. */
  readonly overrides: readonly string[];
}

/** Why a column is as it is; null where no rule has a say. */
export interface ColumnExplanation {
  readonly column: string;
  readonly value: ColumnValue;
  /** The rule that wrote the value last, while it still has it. */
  readonly writtenBy: Decision | null;
  readonly required: Decision | null;
  readonly visible: Decision | null;
  readonly locked: Decision | null;
  readonly error: Decision | null;
}

/** A comparison of a branch, as it stands. */
export interface ClauseState {
  readonly column: string;
  readonly op: string;
  readonly value: ColumnValue;
  readonly operands: readonly ColumnValue[];
  readonly holds: boolean;
}

/** Why a rule does what it does, or nothing. */
export interface RuleExplanation {
  readonly rule: string;
  readonly state:
    | 'chosen'
    | 'otherwise'
    | 'noBranch'
    | 'notTriggered'
    | 'draft'
    | 'otherForm'
    | 'columnNotOnForm'
    | 'invalid'
    | 'unknown';
  /** The chosen branch, from 0. */
  readonly branch: number | null;
  /** Columns that the form lacks. */
  readonly missing: readonly string[];
  readonly branches: readonly (readonly ClauseState[])[];
}
