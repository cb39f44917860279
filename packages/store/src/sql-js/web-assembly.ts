/** The part of WebAssembly the engine needs, typed here because portable code has neither DOM nor Node types. */
export interface WasmMemory {
  readonly buffer: ArrayBuffer;
}
export interface WasmTable {
  get(index: number): ((...args: (number | bigint)[]) => number) | null;
}
export interface WasmInstance {
  readonly exports: Record<string, unknown>;
}
interface WebAssemblyApi {
  readonly Memory: new (...args: never[]) => WasmMemory;
  readonly Table: new (...args: never[]) => WasmTable;
  instantiate(
    bytes: Uint8Array<ArrayBuffer>,
    imports: unknown,
  ): Promise<{ instance: WasmInstance }>;
}

export const webAssembly: WebAssemblyApi = (
  globalThis as unknown as { readonly WebAssembly: WebAssemblyApi }
).WebAssembly;
