/** A mutant that no test can kill, because nothing that anybody could see differs. */
export interface Equivalent {
  readonly file: string;
  /** The line on which the changed piece begins, trimmed. */
  readonly source: string;
  readonly from: string;
  readonly to: string;
  /** Which one, counted from 1, where the file has several such lines. */
  readonly nth?: number;
  readonly why: string;
}

const overlay = 'packages/sync/src/apply/overlay.ts';

export const equivalents: readonly Equivalent[] = [
  {
    file: overlay,
    source: 'return row[0] === null ? null : (JSON.parse(String(row[0])) as Cells);',
    from: 'row[0] === null',
    to: 'false',
    why: 'JSON.parse of the text "null" is null too; the type would not say so.',
  },
  {
    file: overlay,
    source: 'if (readBase(tx, table, id) === undefined) {',
    from: 'readBase(tx, table, id) === undefined',
    to: 'false',
    why: 'The longer way ends the same: a base is kept, found without edits, made the row, and dropped.',
  },
  {
    file: overlay,
    source: 'if (readBase(tx, table, id) === undefined) {',
    from: `{
    writeVisible(tx, table, id, cells);
    return;
  }`,
    to: '{}',
    why: 'The longer way ends the same: a base is kept, found without edits, made the row, and dropped.',
  },
  {
    file: 'packages/sync/src/outbox/coalesce.ts',
    source: 'if (key[1] > earlier.key[1]) return null;',
    from: 'key[1] > earlier.key[1]',
    to: 'key[1] >= earlier.key[1]',
    why: 'A number is never used twice, so an equal one is the same key, which was passed over above.',
  },
];
