/** Writes `docs/api` anew: pnpm -C tools/publish-checks api */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { apiOf } from './api-of.ts';
import { build, packageNames, root } from './packages.ts';

const folder = join(root, 'docs', 'api');
mkdirSync(folder, { recursive: true });
for (const name of packageNames()) {
  build(name);
  writeFileSync(join(folder, `${name}.md`), apiOf(name));
}
