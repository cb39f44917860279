export type SyncErrorCode =
  | 'error.unknown'
  | 'error.elsewhere'
  | 'app.invalid'
  | 'sync.closed'
  | 'device.otherUser'
  | 'signIn.refused'
  | 'signIn.expired'
  | 'signIn.unreachable';

/** A call that cannot be carried out: what, and what to do next. Failures of a sync cycle are values instead. */
export class SyncError extends Error {
  readonly code: SyncErrorCode;
  readonly fix: string;

  constructor(code: SyncErrorCode, message: string, fix: string) {
    super(message);
    this.name = 'SyncError';
    this.code = code;
    this.fix = fix;
  }
}
