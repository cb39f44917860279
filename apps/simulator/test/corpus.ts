import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A folder with real solutions; where there is none, their tests are skipped. */
const folder =
  process.env['OUTPOST_CORPUS'] ??
  fileURLToPath(new URL('../../../../shared/corpus', import.meta.url));

export const hasCorpus: boolean = existsSync(folder);

export function corpusFile(name: string, kind: 'solution' | 'data'): string {
  return join(folder, `${name}.${kind}.zip`);
}
