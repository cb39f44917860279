/** What the statements of a connection tell it. */
export class StatementHost {
  /** Calls of `exec` and of `run` since the database was opened. */
  runs = 0;
  /** Called before anything that may write. */
  onWrite: () => void = () => {};
}
