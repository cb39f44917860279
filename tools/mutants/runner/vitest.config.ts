import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** For the copy of the repository that mutants live in: this file is there too. */
const root = resolve(import.meta.dirname, '../../..');

/** Links between packages lead out of the copy, to sources without a mutant. */
const aliases = readdirSync(join(root, 'packages')).flatMap((folder) => {
  const path = join(root, 'packages', folder);
  const manifest = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8')) as {
    readonly name: string;
    readonly exports: Readonly<Record<string, string>>;
  };
  return Object.entries(manifest.exports).map(([entry, file]) => ({
    find: new RegExp(`^${manifest.name}${entry.slice(1)}$`),
    replacement: join(path, file),
  }));
});

const judges = (process.env['OUTPOST_JUDGES'] ?? '').split(',');

/** In the order of the table: a run ends at the first failure. */
class InOrder extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) => judges.indexOf(relative(root, moduleId));
    return files.toSorted((a, b) => place(a) - place(b));
  }
}

export default defineConfig({
  root,
  resolve: { alias: aliases },
  test: {
    isolate: false,
    // A file's text is not what it was a moment ago, and copies are gone after the run.
    fsModuleCache: false,
    include: judges,
    sequence: { sequencer: InOrder },
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
