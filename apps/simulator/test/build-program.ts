import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type Plugin, rolldown } from 'rolldown';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** Folder of the program as a bundle, which starts in a fraction of the time that its sources take. */
    readonly built: string;
  }
}

const place = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Bundles the program once for all test files; as people start it, it is tested in `start.test.ts`. */
export async function setup(project: TestProject): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'outpost-program-'));
  const build = await rolldown({
    input: { main: place('../src/main.tsx'), 'failing-screen': place('failing-screen.tsx') },
    platform: 'node',
    logLevel: 'silent',
    plugins: [inItsPlace],
    transform: { jsx: 'react-jsx', define: { 'process.env.NODE_ENV': '"production"' } },
  });
  await build.write({ dir: folder, format: 'esm' });
  await build.close();
  project.provide('built', folder);
}

/** Files beside the sources, and sql.js with its wasm, stay where they are. */
const inItsPlace: Plugin = {
  name: 'in-its-place',
  resolveId: {
    filter: { id: /^sql\.js/ },
    async handler(id, importer) {
      const found = await this.resolve(id, importer, { skipSelf: true });
      return found === null ? null : { id: found.id, external: 'absolute' };
    },
  },
  transform: {
    filter: { code: 'import.meta.url' },
    handler: (code, id) =>
      code.replaceAll('import.meta.url', JSON.stringify(pathToFileURL(id).href)),
  },
};
