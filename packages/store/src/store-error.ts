export type StoreErrorCode =
  | 'sql.bind'
  | 'sql.syntax'
  | 'sql.unique'
  | 'sql.notNull'
  | 'sql.check'
  | 'sql.foreignKey'
  | 'sql.full'
  | 'sql.io'
  | 'sql.corrupt'
  | 'sql.busy'
  | 'sql.other'
  | 'store.locked'
  | 'store.lost'
  | 'store.closed'
  | 'store.corrupt'
  | 'store.missing'
  | 'store.format'
  | 'store.location'
  | 'store.selfCheck'
  | 'store.snapshot'
  | 'write.unknownTable'
  | 'write.unknownColumn'
  | 'write.rowMissing'
  | 'write.rowExists'
  | 'write.async'
  | 'write.reentrant'
  | 'write.bypassed'
  | 'write.type'
  | 'write.notLoading';

/** Every error this package throws: what happened, and one sentence on what to do next. */
export class StoreError extends Error {
  readonly code: StoreErrorCode;
  readonly fix: string;

  constructor(code: StoreErrorCode, message: string, fix: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'StoreError';
    this.code = code;
    this.fix = fix;
  }
}

/** The error of a database that was closed. */
export function closedError(): StoreError {
  return new StoreError('store.closed', 'The database is closed.', 'Open it again.');
}
