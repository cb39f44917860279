/**
 * How much a message may hold. Device and organization read it here, so neither can send what the other refuses: who sends
 * splits, who receives says the limit when it refuses.
 */
export interface MessageLimits {
  /** Bytes of a request's body, before it is compressed. */
  readonly bodyBytes: number;
  /** Bytes in a part of something that is sent in parts; a multiple of 3, so that no part needs padding but the last. */
  readonly partBytes: number;
  /** Bytes of a transaction's edits in parts. */
  readonly transactionBytes: number;
  /** Edits in a transaction: each has a result in one answer. */
  readonly transactionEntries: number;
  /** Edits in a request, unless they are one transaction. */
  readonly entries: number;
  /** Bytes of edits in a request, unless they are one transaction. */
  readonly entriesBytes: number;
  /** Edits that one edit names as what goes before it. */
  readonly after: number;
  /** Openings of a database in one list of marks or ranges. */
  readonly epochs: number;
  /** Edits whose effect one pull says. */
  readonly awaited: number;
  /** Openings since the one that was confirmed. */
  readonly previousEpochs: number;
  /** Rows that one pull brings or removes; a table with more is compared and read in pages. */
  readonly changedRows: number;
  /** Rows in a page. */
  readonly pageRows: number;
  /** Rows that are asked for by id. */
  readonly ids: number;
  /** Key ranges in a digest. */
  readonly ranges: number;
  readonly tables: number;
  /** Columns of a table, and cells of an edit. */
  readonly columns: number;
  /** Characters of an id, a name, a hash or a time. */
  readonly name: number;
  /** Characters of a token, a message for people, or a person's name. */
  readonly text: number;
}

export const messageLimits: MessageLimits = {
  bodyBytes: 8 * 1024 * 1024,
  partBytes: 3 * 65_536,
  transactionBytes: 32 * 1024 * 1024,
  transactionEntries: 50_000,
  entries: 100,
  entriesBytes: 1024 * 1024,
  after: 1000,
  epochs: 1000,
  awaited: 10_000,
  previousEpochs: 100,
  changedRows: 20_000,
  pageRows: 5000,
  ids: 500,
  ranges: 10_000,
  tables: 10_000,
  columns: 5000,
  name: 200,
  text: 10_000,
};

/** A list in pieces that are not longer than a limit; an empty list is one empty piece. */
export function inPieces<T>(list: readonly T[], most: number): readonly (readonly T[])[] {
  const pieces: (readonly T[])[] = [];
  for (let i = 0; i === 0 || i < list.length; i += most) pieces.push(list.slice(i, i + most));
  return pieces;
}
