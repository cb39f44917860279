import type { Column } from '../column.ts';

/** The longest text of a memo column (Dataverse); a longer one holds the content of a file. */
const longestMemo = 1_048_576;

/** Names the content of a file: what a column of documents holds instead of it. */
export interface DocumentReference {
  /** SHA-256 of the content, in lower-case hexadecimal digits. */
  readonly hash: string;
  /** Size of the content in bytes. */
  readonly bytes: number;
}

/** True for columns that hold files, such as `annotation.documentbody`; their content is Base64 where people write it. */
export function isDocumentColumn(column: Column): boolean {
  return column.type === 'memo' && (column.maxLength ?? 0) > longestMemo;
}

/** The reference as the column stores it: `sha256:<hash>:<bytes>`. No Base64 text looks like it. */
export function documentReferenceText({ hash, bytes }: DocumentReference): string {
  return `sha256:${hash}:${bytes}`;
}

/** Null: the text is no reference. */
export function parseDocumentReference(text: unknown): DocumentReference | null {
  if (typeof text !== 'string') return null;
  const match = /^sha256:([0-9a-f]{64}):(0|[1-9]\d{0,14})$/.exec(text);
  return match === null ? null : { hash: match[1] ?? '', bytes: Number(match[2]) };
}
