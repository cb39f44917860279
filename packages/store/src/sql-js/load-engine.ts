/// <reference path="./sql-js.d.ts" />
import initSqlJs, { type SqlJsModule } from 'sql.js';
import { StoreError } from '../store-error.ts';
import { EngineHeap } from './engine-heap.ts';
import { checkEngine } from './self-check.ts';
import { installVfs, type Vfs } from './vfs.ts';
import { type WasmMemory, type WasmTable, webAssembly } from './web-assembly.ts';

/** sql.js with our file system under it. */
export interface Engine {
  readonly module: SqlJsModule;
  readonly heap: EngineHeap;
  readonly vfs: Vfs;
}

/** The engine, or sql.js alone and what stands in the way of more. */
export type EngineResult =
  | { readonly kind: 'ready'; readonly engine: Engine }
  | { readonly kind: 'plain'; readonly module: SqlJsModule; readonly failed: string };

let loaded: Promise<EngineResult> | null = null;

/**
 * Loads sql.js once per process (sql.js itself is a singleton: its first configuration wins), installs the file system
 * and checks that it works. The engine is the only thing two databases of a process share.
 */
export function loadEngine(wasm: () => Promise<Uint8Array<ArrayBuffer>>): Promise<EngineResult> {
  loaded ??= load(wasm).catch((error: unknown) => {
    loaded = null;
    throw error;
  });
  return loaded;
}

async function load(wasm: () => Promise<Uint8Array<ArrayBuffer>>): Promise<EngineResult> {
  const bytes = await wasm();
  let memory: WasmMemory | null = null;
  let functions: WasmTable | null = null;
  let failure: unknown = null;
  const module = await new Promise<SqlJsModule>((resolve, reject) => {
    initSqlJs({
      useOldExtensionFunctions: false,
      instantiateWasm(imports, receive) {
        webAssembly
          .instantiate(bytes, imports)
          .then(({ instance }) => {
            for (const value of Object.values(instance.exports)) {
              if (value instanceof webAssembly.Memory) memory = value;
              if (value instanceof webAssembly.Table) functions = value;
            }
            receive(instance);
          })
          .catch(reject);
        return {};
      },
    }).then(resolve, reject);
  }).catch((error: unknown) => {
    throw new StoreError(
      'store.selfCheck',
      `The SQLite engine cannot be loaded: ${error instanceof Error ? error.message : String(error)}`,
      'Check that sql-wasm.wasm is served and belongs to the installed sql.js.',
      error,
    );
  });
  try {
    const heap = new EngineHeap(memory, functions, module);
    const engine = { module, heap, vfs: installVfs(module, heap) };
    checkEngine(engine);
    return { kind: 'ready', engine };
  } catch (error) {
    failure = error;
  }
  const failed = failure instanceof Error ? failure.message : String(failure);
  return { kind: 'plain', module, failed };
}
