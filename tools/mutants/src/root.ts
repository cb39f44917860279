import { resolve } from 'node:path';

/** The repository. */
export const root: string = resolve(import.meta.dirname, '../../..');
