import type { SqlJsModule } from 'sql.js';
import { CheckFailed } from './check-failed.ts';
import type { WasmMemory, WasmTable } from './web-assembly.ts';

/** The engine's memory. Any call into the engine may grow it, which detaches every view made before. */
export class EngineHeap {
  readonly #memory: WasmMemory;
  readonly functions: WasmTable;
  readonly #module: SqlJsModule;
  readonly #encoder: TextEncoder = new TextEncoder();
  #buffer: ArrayBuffer;
  #view: DataView<ArrayBuffer>;
  #bytes: Uint8Array<ArrayBuffer>;

  constructor(memory: WasmMemory | null, functions: WasmTable | null, module: SqlJsModule) {
    if (memory === null || functions === null) {
      throw new CheckFailed('the build exports neither memory nor function table');
    }
    this.#memory = memory;
    this.functions = functions;
    this.#module = module;
    this.#buffer = memory.buffer;
    this.#view = new DataView(this.#buffer);
    this.#bytes = new Uint8Array(this.#buffer);
  }

  get bytes(): Uint8Array<ArrayBuffer> {
    if (this.#memory.buffer !== this.#buffer) this.#renew();
    return this.#bytes;
  }

  get view(): DataView<ArrayBuffer> {
    if (this.#memory.buffer !== this.#buffer) this.#renew();
    return this.#view;
  }

  get size(): number {
    return this.#memory.buffer.byteLength;
  }

  readWord(at: number): number {
    return this.view.getInt32(at, true);
  }

  writeWord(at: number, value: number): void {
    this.view.setInt32(at, value, true);
  }

  /** Calls `fn` with the address of `text`, zero-terminated, and its length in bytes. */
  withText<T>(text: string, fn: (address: number, bytes: number) => T): T {
    const encoded = this.#encoder.encode(text);
    const address = this.#module._malloc(encoded.length + 1);
    try {
      this.bytes.set(encoded, address);
      this.bytes[address + encoded.length] = 0;
      return fn(address, encoded.length);
    } finally {
      this.#module._free(address);
    }
  }

  #renew(): void {
    this.#buffer = this.#memory.buffer;
    this.#view = new DataView(this.#buffer);
    this.#bytes = new Uint8Array(this.#buffer);
  }
}
