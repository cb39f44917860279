import { setPriority } from 'node:os';
import { DatabaseSync } from 'node:sqlite';
import type { Cell } from '@outpost/model';
import { addFunctions } from './sql-functions.ts';

/** What the process of the organization asks for; answers come in order. */
export interface QueryMessage {
  readonly sql: string;
  readonly params: readonly Cell[];
}

export type QueryAnswer =
  | { readonly rows: readonly (readonly Cell[])[] }
  | { readonly error: string };

/** Devices that synchronize go first. */
const niceness = 10;

const [, , path = ''] = process.argv;
setPriority(niceness);
const db = new DatabaseSync(path, { readOnly: true });
addFunctions(db);
process.on('message', ({ sql, params }: QueryMessage) => {
  let answer: QueryAnswer;
  try {
    const statement = db.prepare(sql);
    statement.setReturnArrays(true);
    answer = { rows: statement.all(...params) as unknown as readonly Cell[][] };
  } catch (error) {
    answer = { error: String(error) };
  }
  process.send?.(answer);
});
process.send?.('ready');
process.on('disconnect', () => process.exit());
