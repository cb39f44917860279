import { dataverseErrors } from '@outpost/model';
import { QueryError } from '@outpost/query';
import { HttpError } from '../server-error.ts';
import { Refusal } from '../write/refusal.ts';

const statusOf: ReadonlyMap<string, number> = new Map<string, number>([
  [dataverseErrors.objectDoesNotExist, 404],
  [dataverseErrors.entityKeyNotFound, 404],
  [dataverseErrors.unknownTable, 404],
  [dataverseErrors.privilegeDenied, 403],
  [dataverseErrors.principalPrivilegeDenied, 403],
  [dataverseErrors.duplicateRecord, 412],
  [dataverseErrors.duplicateEntityKey, 412],
  [dataverseErrors.concurrencyVersionMismatch, 412],
]);

/** What went wrong as an answer of the Web API; faults stay as they are. */
export function asHttpError(error: unknown): unknown {
  if (error instanceof Refusal) {
    return new HttpError(statusOf.get(error.code) ?? 400, error.code, error.message);
  }
  if (error instanceof QueryError) {
    return new HttpError(
      400,
      error.dataverseCode ?? dataverseErrors.badRequest,
      `${error.message} ${error.fix}`,
    );
  }
  return error;
}

export function notFound(message: string): HttpError {
  return new HttpError(404, dataverseErrors.badRequest, message);
}

/** Asked for correctly, but not offered here. */
export function notSupported(what: string): HttpError {
  return new HttpError(501, dataverseErrors.notSupported, `${what} is not supported.`);
}

export function forbidden(message: string): HttpError {
  return new HttpError(403, dataverseErrors.privilegeDenied, message);
}
