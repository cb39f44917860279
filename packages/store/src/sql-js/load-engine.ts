/// <reference path="./sql-js.d.ts" />
import initSqlJs from 'sql.js';
import { StoreError } from '../store-error.ts';
import { type Engine, installVfs, type Vfs } from './vfs.ts';
import { type WasmMemory, type WasmTable, webAssembly } from './web-assembly.ts';

export interface LoadedEngine {
  readonly engine: Engine;
  readonly vfs: Vfs;
}

let loaded: Promise<LoadedEngine> | null = null;

/**
 * Loads sql.js once per process (sql.js itself is a singleton: its first configuration wins) and installs the file
 * system. The module is the only thing two databases of a process share.
 */
export function loadEngine(wasm: Uint8Array<ArrayBuffer>): Promise<LoadedEngine> {
  loaded ??= load(wasm);
  return loaded;
}

async function load(wasm: Uint8Array<ArrayBuffer>): Promise<LoadedEngine> {
  let memory: WasmMemory | null = null;
  let functions: WasmTable | null = null;
  const module = await initSqlJs({
    useOldExtensionFunctions: false,
    instantiateWasm(imports, receive) {
      const instance = new webAssembly.Instance(new webAssembly.Module(wasm), imports);
      for (const value of Object.values(instance.exports)) {
        if (value instanceof webAssembly.Memory) memory = value;
        if (value instanceof webAssembly.Table) functions = value;
      }
      receive(instance);
      return instance.exports;
    },
  });
  if (memory === null || functions === null) {
    throw new StoreError(
      'store.selfCheck',
      'The sql.js build exports neither memory nor function table.',
      'Use sql.js 1.16, or a later version this package lists as tested.',
    );
  }
  const engine = { module, memory, functions };
  return { engine, vfs: installVfs(engine) };
}
