export type StoreErrorCode =
  | 'sql.bind'
  | 'sql.syntax'
  | 'sql.constraint'
  | 'sql.full'
  | 'sql.io'
  | 'sql.corrupt'
  | 'sql.other'
  | 'store.locked'
  | 'store.closed'
  | 'store.selfCheck'
  | 'schema.changed'
  | 'write.unknownTable'
  | 'write.unknownColumn'
  | 'write.rowMissing'
  | 'write.rowExists'
  | 'write.async';

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
