import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

/** The engine of the installed sql.js. */
export async function readWasm(): Promise<Uint8Array<ArrayBuffer>> {
  const path = createRequire(import.meta.url).resolve('sql.js/dist/sql-wasm.wasm');
  return new Uint8Array(await readFile(path));
}
