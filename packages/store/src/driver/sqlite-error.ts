import { StoreError, type StoreErrorCode } from '../store-error.ts';

/** sql.js has no extended result codes, so both drivers read SQLite's messages, which are stable. */
const causes: readonly (readonly [RegExp, StoreErrorCode, string])[] = [
  [/UNIQUE constraint failed/i, 'sql.unique', 'Use a value that no other row has.'],
  [/NOT NULL constraint failed/i, 'sql.notNull', 'Give the column a value.'],
  [/CHECK constraint failed/i, 'sql.check', 'Use a value that the check allows.'],
  [/FOREIGN KEY constraint failed/i, 'sql.foreignKey', 'Write the referenced row first.'],
  [/database or disk is full/i, 'sql.full', 'Free space; the transaction was rolled back.'],
  [/malformed|not a database|corrupt/i, 'sql.corrupt', 'Save what can be read and start anew.'],
  [
    /disk I\/O error|unable to open/i,
    'sql.io',
    'Check the storage; close and open the database again.',
  ],
  [/locked|busy/i, 'sql.busy', 'Finish the statement or the other program first.'],
  [
    /syntax error|no such |nothing to prepare|incomplete input|unrecognized token|already exists|has no column|duplicate column|ambiguous column|misuse of|wrong number of arguments|does not support|values for|values were supplied|cannot commit|no transaction|within a transaction/i,
    'sql.syntax',
    'Correct the SQL text.',
  ],
];

/** The typed error behind a message of SQLite; `io` is the exception of the storage, if one was behind it. */
export function sqliteError(message: string, sql: string, io?: unknown): StoreError {
  const [, code, fix] = causes.find(([pattern]) => pattern.test(message)) ?? [
    null,
    'sql.other' as const,
    'Read the message of SQLite.',
  ];
  const behind = io instanceof Error && io.message !== message ? ` (${io.message})` : '';
  return new StoreError(code, `${message}${behind} in: ${sql.slice(0, 200)}`, fix, io);
}
