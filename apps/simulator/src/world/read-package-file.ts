import { readFileSync } from 'node:fs';
import { SolutionError } from '@outpost/solution';
import { UsageError } from '../usage-error.ts';

/** Reads a file the user named; one that cannot be used is wrong usage, not a crash. */
export function readPackageFile<T>(path: string, read: (bytes: Uint8Array) => T): T {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch {
    throw new UsageError(`The file "${path}" cannot be read.`);
  }
  try {
    return read(bytes);
  } catch (error) {
    if (error instanceof SolutionError)
      throw new UsageError(`${path}: ${error.message} ${error.fix}`);
    throw error;
  }
}
