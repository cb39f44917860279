import { StoreError } from '../store-error.ts';

export interface BrowserStorageOptions {
  /** Address of `sql-wasm-browser.wasm` of sql.js, served with the app. */
  readonly wasmUrl: string | URL;
}

export async function readWasm({
  wasmUrl,
}: BrowserStorageOptions): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(wasmUrl);
  if (!response.ok) {
    throw new StoreError(
      'store.selfCheck',
      `The SQLite engine cannot be fetched from ${String(wasmUrl)}: ${response.status}.`,
      'Serve sql-wasm-browser.wasm of sql.js and give its address as `wasmUrl`.',
    );
  }
  return new Uint8Array(await response.arrayBuffer());
}
