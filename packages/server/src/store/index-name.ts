import { createHash } from 'node:crypto';
import type { StoreEngine } from './store-engine.ts';

/** Names that are too long for the engine would be cut off, and could be those of others. */
export function indexName(
  { maxNameBytes }: Pick<StoreEngine, 'maxNameBytes'>,
  table: string,
  column: string,
): string {
  const full = `ix_${table}_${column}`;
  if (Buffer.byteLength(full) <= maxNameBytes) return full;
  return `ix_${createHash('sha256').update(full).digest('hex').slice(0, 32)}`;
}
