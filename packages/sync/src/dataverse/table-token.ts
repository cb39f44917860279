/** How far a table is known: what a device keeps as the token of its pulls. */
export interface TableToken {
  /** Delta link; null: changes are found by row version. */
  readonly link: string | null;
  /** The newest version known. */
  readonly version: number;
  /** How many rows V(T) had; null: not counted. */
  readonly rows: number | null;
  /** When all ids were compared last; milliseconds since 1970. */
  readonly reconciledAt: number;
}

export function writeTableToken(token: TableToken): string {
  return JSON.stringify([1, token.link, token.version, token.rows, token.reconciledAt]);
}

/** Null for anything that is not a token of ours. */
export function readTableToken(text: string): TableToken | null {
  try {
    const parts: unknown = JSON.parse(text);
    if (!Array.isArray(parts) || parts.length !== 5) return null;
    const [format, link, version, rows, reconciledAt] = parts as readonly unknown[];
    const isLink = link === null || typeof link === 'string';
    const isCount = rows === null || typeof rows === 'number';
    if (format !== 1 || !isLink || !isCount) return null;
    if (typeof version !== 'number' || typeof reconciledAt !== 'number') return null;
    return { link, version, rows, reconciledAt };
  } catch {
    return null;
  }
}
