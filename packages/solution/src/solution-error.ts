export type SolutionErrorCode =
  | 'zip.unreadable'
  | 'zip.tooLarge'
  | 'file.missing'
  | 'app.unknown'
  | 'xml.invalid'
  | 'xml.tooLarge';

/** The file as a whole cannot be used: what, and what to do next. Smaller findings are diagnostics. */
export class SolutionError extends Error {
  readonly code: SolutionErrorCode;
  readonly fix: string;

  constructor(code: SolutionErrorCode, message: string, fix: string) {
    super(message);
    this.name = 'SolutionError';
    this.code = code;
    this.fix = fix;
  }
}
