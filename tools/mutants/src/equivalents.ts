/** Mutants of one line that no test can kill, because nothing that anybody could see differs. */
export interface Equivalent {
  readonly file: string;
  /** The line on which the changed pieces begin, trimmed. */
  readonly source: string;
  /** Pieces, and what stands in their place. */
  readonly changes: readonly (readonly [from: string, to: string])[];
  /** Which one, counted from 1, where the file has several such lines. */
  readonly nth?: number;
  readonly why: string;
}

const outbox = 'packages/sync/src/outbox/outbox.ts';
const applyResults = 'packages/sync/src/outbox/apply-results.ts';
const syncErrors = 'packages/sync/src/repair/sync-errors.ts';
const applyRows = 'packages/sync/src/apply/apply-rows.ts';
const planned = 'A page is of a table that is planned, which has its row; the type does not know.';
const writeTx = 'packages/store/src/gateway/write-tx.ts';
const overlay = 'packages/sync/src/apply/overlay.ts';

export const equivalents: readonly Equivalent[] = [
  {
    file: outbox,
    source: 'if (join !== null && last !== undefined) {',
    changes: [['last !== undefined', 'true']],
    why: 'Without an earlier entry nothing is joined; the type does not know.',
  },
  {
    file: outbox,
    source: "baseVersion: last === undefined && typeof version === 'number' ? version : null,",
    changes: [["typeof version === 'number'", 'true']],
    why: 'A version is a number or null, and null stays null; the type does not know.',
  },
  {
    file: outbox,
    source: 'return at === undefined ? null : (image?.[at] ?? null);',
    changes: [['at === undefined', 'false']],
    why: 'Every table has a version; the type does not know.',
  },
  {
    file: outbox,
    source:
      "const ids = Object.values(set).filter((cell) => typeof cell === 'string' && cell.length === 36);",
    changes: [
      [
        "Object.values(set).filter((cell) => typeof cell === 'string' && cell.length === 36)",
        'Object.values(set)',
      ],
      ["typeof cell === 'string' && cell.length === 36", 'true'],
      [
        "typeof cell === 'string' && cell.length === 36",
        "typeof cell === 'string' || cell.length === 36",
      ],
      ["typeof cell === 'string'", 'true'],
      ['cell.length === 36', 'true'],
    ],
    why: 'It spares look-ups of what cannot be an id; they would find nothing.',
  },
  {
    file: outbox,
    source: 'while (waiting.length > 0) {',
    changes: [['waiting.length > 0', 'waiting.length >= 0']],
    why: 'One more round takes nothing and ends the loop.',
  },
  {
    file: outbox,
    source: "(cell) => typeof cell === 'string' && cell !== change.id && created.has(cell),",
    changes: [["typeof cell === 'string'", 'true']],
    why: 'Ids are texts: no other cell is among them.',
  },
  {
    file: outbox,
    source: 'if (change === undefined) break;',
    changes: [['change === undefined', 'false']],
    why: 'While some wait, one is taken; the type does not know.',
  },
  {
    file: 'packages/sync/src/outbox/coalesce.ts',
    source: 'if (key[1] > earlier.key[1]) return null;',
    changes: [['key[1] > earlier.key[1]', 'key[1] >= earlier.key[1]']],
    why: 'A number is never used twice, so an equal one is the same key, which was passed over above.',
  },
  {
    file: applyResults,
    source: 'default:',
    changes: [['default:\n          result satisfies never;', 'default:']],
    why: 'No other status is left; the compiler sees to it.',
  },
  {
    file: syncErrors,
    source: 'const image = schema === undefined ? null : this.#store.get(table, row);',
    changes: [['schema === undefined', 'false']],
    why: 'The store has no row of a table that it has not.',
  },
  {
    file: syncErrors,
    source: 'return image?.[schema?.slotIndex.get(slot) ?? -1] ?? null;',
    changes: [
      ['schema?.slotIndex', 'schema.slotIndex'],
      ['-1', '+1'],
    ],
    why: 'Where there is an image there is a schema, with every column of an edit; the type does not know.',
  },
  {
    file: syncErrors,
    source: 'const renamed: (readonly [EntryKey, EntryKey])[] = [];',
    changes: [['[]', '["Stryker was here"]']],
    why: 'The text is no pair of keys, so it is found by none; the compiler refuses it.',
  },
  {
    file: applyRows,
    source: 'const startView = first ? page.view : walk?.[1];',
    changes: [['walk?.[1]', 'walk[1]']],
    why: planned,
  },
  {
    file: applyRows,
    source: 'const again = startView !== page.view || (!first && walk?.[0] === 1);',
    changes: [['walk?.[0]', 'walk[0]']],
    why: planned,
  },
  {
    file: applyRows,
    source: 'const walkRows = (first ? 0 : Number(walk?.[2])) + page.rows.length;',
    changes: [['walk?.[2]', 'walk[2]']],
    why: planned,
  },
  {
    file: applyRows,
    source: 'const known = slots.filter((slot) => rows.columns.includes(slot.name));',
    changes: [['slots.filter((slot) => rows.columns.includes(slot.name))', 'slots']],
    why: 'It spares columns that did not travel, which are written as empty either way.',
  },
  {
    file: applyRows,
    source: `\`SELECT row_id FROM "$base" WHERE table_name = ? AND cells IS NOT NULL AND $\{where.replaceAll(primary, 'row_id')}\`,`,
    changes: [['table_name = ?', '(table_name = ? OR 1)']],
    why: 'Of a row that only another table has, nothing can leave this one.',
  },
  {
    file: applyRows,
    source: '.run([one.table, i + 1, one.rows, one.intervalMinutes]);',
    changes: [['i + 1', 'i - 1']],
    why: 'Only the order of the numbers counts.',
  },
  {
    file: 'packages/sync/src/apply/leave.ts',
    source: 'const name = primary === null ? null : (image[slotIndex.get(primary) ?? -1] ?? null);',
    changes: [
      ['primary === null', 'false'],
      ['-1', '+1'],
    ],
    why: 'A table that has no name has no such column, and one that has one has it; the type does not know.',
  },
  {
    file: overlay,
    source: 'if (readBase(tx, table, id) === undefined) {',
    changes: [
      ['readBase(tx, table, id) === undefined', 'false'],
      ['{\n    writeVisible(tx, table, id, cells);\n    return;\n  }', '{}'],
    ],
    why: 'The longer way ends the same: a base is kept, found without edits, made the row, and dropped.',
  },
  {
    file: writeTx,
    source: "#state: 'open' | 'sealed' | 'ended' = 'open';",
    changes: [["'open'", '""']],
    why: 'It is asked whether it is sealed or ended, never whether it is open.',
  },
  {
    file: writeTx,
    source: `Number(this.sql.prepare(\`SELECT max("_rid") FROM $\{quoted(table)}\`).get()?.[0] ?? 0);`,
    changes: [
      [
        `this.sql.prepare(\`SELECT max("_rid") FROM $\{quoted(table)}\`).get()?.[0]`,
        `this.sql.prepare(\`SELECT max("_rid") FROM $\{quoted(table)}\`).get()[0]`,
      ],
    ],
    why: 'An aggregate always has a row; the type does not know.',
  },
  {
    file: writeTx,
    source: 'if (name !== table.primaryId) after[slotIndex.get(name) ?? -1] = cell;',
    changes: [['-1', '+1']],
    why: 'Names of cells are checked before; the type does not know.',
  },
  {
    file: writeTx,
    source: 'if (after[source] !== before[source]) {',
    changes: [['after[source] !== before[source]', 'true']],
    why: 'It spares folding what did not change, which would be the same again.',
  },
  {
    file: writeTx,
    source: 'after[slotIndex.get(name) ?? -1] = foldedCell(after[source] ?? null);',
    changes: [['-1', '+1']],
    why: 'Folded columns are in the index of their table; the type does not know.',
  },
  {
    file: writeTx,
    source: 'for (let i = 0; i < after.length; i++) if (before[i] !== after[i]) changed.push(i);',
    changes: [['i < after.length', 'i <= after.length']],
    why: 'Behind the end neither image has anything, which is equal.',
  },
];
