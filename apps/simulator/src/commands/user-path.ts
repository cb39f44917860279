import { resolve } from 'node:path';

/** Paths are the user's: relative to where the program was called. */
export function userPath(path: string): string {
  return resolve(process.env['INIT_CWD'] ?? process.cwd(), path);
}
