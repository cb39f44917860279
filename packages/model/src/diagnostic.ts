/** One finding about a definition or an input: reported, never guessed, never stops the rest. */
export interface Diagnostic {
  readonly severity: 'error' | 'warning' | 'info';
  /** Stable code, e.g. `solution.unknownColumnType`. */
  readonly code: string;
  readonly message: string;
  /** Where: a file and a path inside it, such as `customizations.xml/Entities/account/name`. */
  readonly location: string;
}

/** The outcome of parsing: a value, or every problem found. */
export type Result<Value, Problem> =
  | { readonly kind: 'ok'; readonly value: Value }
  | { readonly kind: 'invalid'; readonly errors: readonly Problem[] };
