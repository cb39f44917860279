import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

/** A file of the page: its content type and content. */
export type PageFile = readonly [type: string, content: string | Buffer];

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Everything that is served, by address. */
export async function buildPage(): Promise<ReadonlyMap<string, PageFile>> {
  const wasm = createRequire(import.meta.url).resolve('sql.js/dist/sql-wasm-browser.wasm');
  const files = new Map<string, PageFile>([
    ['/', ['text/html; charset=utf-8', readFileSync(here('page/index.html'))]],
    [
      '/manifest.webmanifest',
      ['application/manifest+json', readFileSync(here('page/manifest.webmanifest'))],
    ],
    ['/icon.svg', ['image/svg+xml', readFileSync(here('page/icon.svg'))]],
    ['/sql.wasm', ['application/wasm', readFileSync(wasm)]],
    ['/main.js', ['text/javascript', await bundle('page/main.tsx')]],
    ['/worker.js', ['text/javascript', await bundle('worker/worker.ts')]],
  ]);
  const hash = createHash('sha256');
  for (const [, content] of files.values()) hash.update(content);
  const buildId = JSON.stringify(`outpost-${hash.digest('hex').slice(0, 12)}`);
  const serviceWorker = await bundle('worker/service-worker.ts', { buildId });
  return files.set('/service-worker.js', ['text/javascript', serviceWorker]);
}

async function bundle(
  input: string,
  define: Readonly<Record<string, string>> = {},
): Promise<string> {
  const built = await rolldown({
    input: here(input),
    platform: 'browser',
    logLevel: 'silent',
    transform: {
      jsx: 'react-jsx',
      define: { 'process.env.NODE_ENV': '"production"', ...define },
    },
  });
  const { output } = await built.generate({ format: 'esm', minify: true });
  await built.close();
  return output[0].code;
}
