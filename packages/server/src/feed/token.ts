/** A place in the change feed, as an opaque text. Not signed: every answer follows the caller's current rights. */
export interface FeedPlace {
  readonly feed: string;
  readonly position: number;
}

export function writeToken(place: FeedPlace): string {
  return Buffer.from(JSON.stringify([place.feed, place.position])).toString('base64url');
}

/** Null for anything that is not a token of ours. */
export function readToken(token: string): FeedPlace | null {
  try {
    const parts: unknown = JSON.parse(Buffer.from(token, 'base64url').toString('utf8'));
    if (!Array.isArray(parts)) return null;
    const [feed, position] = parts as readonly unknown[];
    if (typeof feed !== 'string' || typeof position !== 'number') return null;
    return Number.isSafeInteger(position) ? { feed, position } : null;
  } catch {
    return null;
  }
}
