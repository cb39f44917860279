import type { DatabaseSync } from 'node:sqlite';
import type { Cell } from '@outpost/model';
import { sqlFunctions } from '@outpost/query';

/** The functions that statements of queries use. */
export function addFunctions(db: DatabaseSync): void {
  for (const { name, run } of sqlFunctions) {
    db.function(name, { deterministic: true, varargs: true }, (...cells) =>
      run(...(cells as readonly Cell[])),
    );
  }
}
