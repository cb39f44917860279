import { type DataverseErrorName, dataverseErrors } from '@outpost/model';
import type { SyncErrorType } from '@outpost/sync/protocol';

/** A write that the organization does not carry out: the expected outcome of a check, not a fault. */
export class Refusal extends Error {
  readonly errorType: SyncErrorType;
  readonly code: string;
  readonly columns: readonly string[];

  constructor(
    name: DataverseErrorName,
    message: string,
    errorType: SyncErrorType = 3,
    columns: readonly string[] = [],
  ) {
    super(message);
    this.errorType = errorType;
    this.code = dataverseErrors[name];
    this.columns = columns;
  }
}
