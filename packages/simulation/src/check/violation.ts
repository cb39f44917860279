/** A statement that must hold in every run, and did not. */
export interface Violation {
  /** E.g. `W-3`. */
  readonly invariant: string;
  readonly message: string;
}

/** Ends the run. */
export class ViolationFound extends Error {
  readonly violation: Violation;

  constructor(invariant: string, message: string) {
    super(`${invariant}: ${message}`);
    this.name = 'ViolationFound';
    this.violation = { invariant, message };
  }
}
