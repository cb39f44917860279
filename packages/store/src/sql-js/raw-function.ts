import { bindError, integerDigits } from '../driver/parameters.ts';
import type { SqlFunction, SqlValue } from '../sql-driver.ts';
import { StoreError } from '../store-error.ts';
import type { RawConnection } from './raw-connection.ts';

const utf8 = 1;
const deterministic = 0x800;
const innocuous = 0x200000;
/** SQLite copies what it is given. */
const transient = -1;

/** Registers a deterministic function with SQLite. */
export function defineRawFunction(
  connection: RawConnection,
  name: string,
  arity: number,
  fn: SqlFunction,
): void {
  const { module, heap } = connection;
  const callback = connection.addCallback((context: number, count: number, values: number) => {
    // An exception must never unwind through wasm.
    try {
      const args = Array.from({ length: count }, (_, i) =>
        readValue(connection, heap.readWord(values + 4 * i)),
      );
      writeResult(connection, context, fn(...args));
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      heap.withText(message, (address, bytes) =>
        module._sqlite3_result_error(context, address, bytes),
      );
    }
  }, 'viii');
  const flags = utf8 | deterministic | innocuous;
  const code = heap.withText(name, (address) =>
    module._sqlite3_create_function_v2(connection.db, address, arity, flags, 0, callback, 0, 0, 0),
  );
  if (code !== 0) {
    throw new StoreError(
      'sql.other',
      `The function "${name}" with ${arity} arguments was refused.`,
      'Use a name of letters and an arity of -1 to 100.',
    );
  }
}

function readValue(connection: RawConnection, value: number): SqlValue {
  const { module, heap, codec } = connection;
  const text = () => {
    const from = module._sqlite3_value_text(value);
    return codec.read(heap.bytes, from, from + module._sqlite3_value_bytes(value));
  };
  switch (module._sqlite3_value_type(value)) {
    case 1: {
      const number = module._sqlite3_value_double(value);
      return Number.isSafeInteger(number) ? number : BigInt(text());
    }
    case 2:
      return module._sqlite3_value_double(value);
    case 3:
      return text();
    case 4: {
      const from = module._sqlite3_value_blob(value);
      return heap.bytes.slice(from, from + module._sqlite3_value_bytes(value));
    }
    default:
      return null;
  }
}

function writeResult(connection: RawConnection, context: number, result: SqlValue): void {
  const { module, heap } = connection;
  if (result === null) module._sqlite3_result_null(context);
  else if (typeof result === 'string') {
    heap.withText(result.toWellFormed(), (address, bytes) =>
      module._sqlite3_result_text(context, address, bytes, transient),
    );
  } else if (typeof result === 'bigint') {
    if (integerDigits(result) === null) throw bindError(0, result);
    module._sqlite3_result_int64(context, result);
  } else if (typeof result === 'number') {
    if (Number.isSafeInteger(result)) module._sqlite3_result_int64(context, BigInt(result));
    else if (Number.isFinite(result)) module._sqlite3_result_double(context, result);
    else throw bindError(0, result);
  } else if (result instanceof Uint8Array) {
    const address = module._malloc(result.length + 1);
    heap.bytes.set(result, address);
    module._sqlite3_result_blob(context, address, result.length, transient);
    module._free(address);
  } else {
    throw bindError(0, result);
  }
}
