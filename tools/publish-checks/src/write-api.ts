/** Writes `docs/api` anew: pnpm -C tools/publish-checks api */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { apiFiles } from './api-files.ts';
import { makeConsumer } from './consumer.ts';
import { extract } from './extract.ts';
import { root } from './packages.ts';

const folder = mkdtempSync(join(tmpdir(), 'outpost-api-'));
try {
  const files = apiFiles(extract(makeConsumer(folder)));
  const target = join(root, 'docs', 'api');
  rmSync(join(target, 'reports'), { recursive: true, force: true });
  for (const [name, text] of files) {
    mkdirSync(dirname(join(target, name)), { recursive: true });
    writeFileSync(join(target, name), text);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
