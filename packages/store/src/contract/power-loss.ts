import type { Random } from '@outpost/model';
import { MemoryFiles } from '../files/memory-files.ts';
import type { SyncFile } from '../files/sync-files.ts';
import type { FileOperation } from './fault-files.ts';

/**
 * What becomes of writes that no sync covers: none of them arrives, some arrive in any order, some of their 512-byte
 * sectors arrive, and of those that do not some hold garbage.
 */
export const lossStyles = ['dropAll', 'dropSome', 'tornSectors', 'garbageSectors'] as const;
export type LossStyle = (typeof lossStyles)[number];

const sector = 512;

/** The files as a power loss right after the first `cut` operations may leave them. */
export function powerLoss(
  log: readonly FileOperation[],
  cut: number,
  style: LossStyle,
  random: Random,
): MemoryFiles {
  const lastSync = new Map<string, number>();
  for (let i = 0; i < cut; i++) {
    const operation = log[i];
    if (operation?.kind === 'sync') lastSync.set(operation.file, i);
  }
  const files = new MemoryFiles();
  for (let i = 0; i < cut; i++) {
    const operation = log[i];
    if (operation === undefined || operation.kind === 'mark' || operation.kind === 'sync') continue;
    const { file } = operation;
    if (operation.kind === 'delete') {
      files.delete(file);
      continue;
    }
    const target = files.open(file, true);
    const durable = i <= (lastSync.get(file) ?? -1);
    const lost = !durable && (style === 'dropAll' || (style === 'dropSome' && random.next() < 0.5));
    if (target === null || operation.kind === 'open' || lost) continue;
    if (operation.kind === 'truncate') {
      if (durable || random.next() < 0.5) target.truncate(operation.size);
    } else if (durable || style === 'dropSome') {
      target.write(operation.bytes, operation.at);
    } else {
      tear(target, operation.at, operation.bytes, style, random);
    }
  }
  // A file whose creation nobody made durable may be gone altogether.
  for (const file of files.names()) {
    if (!lastSync.has(file) && random.next() < 0.3) files.delete(file);
  }
  return files;
}

function tear(
  target: SyncFile,
  at: number,
  bytes: Uint8Array,
  style: LossStyle,
  random: Random,
): void {
  for (let from = 0; from < bytes.length; from += sector) {
    const part = bytes.subarray(from, from + sector);
    const chance = random.next();
    if (chance < 0.5) target.write(part, at + from);
    else if (style === 'garbageSectors' && chance < 0.6) {
      target.write(new Uint8Array(part.length).fill(0x5a), at + from);
    }
  }
}
