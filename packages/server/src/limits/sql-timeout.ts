import { HttpError } from '../server-error.ts';

/**
 * A statement that took too long and was stopped, as Dataverse says it.
 * https://learn.microsoft.com/troubleshoot/power-platform/dataverse/bulk-deleting-data/bulk-operation-errors
 */
export function sqlTimeout(): HttpError {
  return new HttpError(
    500,
    '0x80044151',
    'SQL timeout expired: the query takes too long. Filter by an indexed column, ask for fewer links, or fewer rows.',
  );
}
