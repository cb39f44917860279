import pg from 'pg';
import { sqlTimeout } from '../limits/sql-timeout.ts';
import { HttpError } from '../server-error.ts';

/** Serialization failure, deadlock, and a key, table, column or index that a transaction at the same time has made. */
export const inTheWay: ReadonlySet<string> = new Set([
  '40001',
  '40P01',
  '23505',
  '42P07',
  '42701',
  '42710',
]);
/** The statement took longer than `statement_timeout`. */
const stopped = '57014';
/** The text holds U+0000, or is no text. */
const badText: ReadonlySet<string> = new Set(['22021', '22P05']);

/** Faults of the database as callers understand them; others as they are. */
export function readable(error: unknown): unknown {
  if (!(error instanceof pg.DatabaseError)) {
    return isConnectionLost(error) ? unavailable(error) : error;
  }
  const { code = '' } = error;
  if (inTheWay.has(code)) {
    return new HttpError(
      503,
      'outpost:busy',
      'Too many others change the same rows: try again later.',
      { 'retry-after': '2' },
    );
  }
  if (code === stopped) return sqlTimeout();
  if (badText.has(code)) {
    return new HttpError(400, 'outpost:text', 'A text holds a character that cannot be stored.');
  }
  // Classes 08 (connection), 53 (resources), 57 (stopped by an operator or for its time).
  return /^(?:08|53|57)/.test(code) ? unavailable(error) : error;
}

function isConnectionLost(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error ? String(error.code) : '';
  return (
    /^(?:ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_)/.test(code) ||
    /[Cc]onnection terminated|is not queryable/.test(error.message)
  );
}

export function unavailable(cause: unknown): HttpError {
  const error = new HttpError(
    503,
    'outpost:unavailable',
    'The database of the organization cannot be reached: try again later.',
    { 'retry-after': '5' },
  );
  error.cause = cause;
  return error;
}
