import type { SqlDriver } from '../sql-driver.ts';
import { StoreError, type StoreErrorCode } from '../store-error.ts';

export interface ContractEnv {
  /** Opens the case's own database, empty at the first call, as it was left at the next. */
  open(): Promise<SqlDriver>;
}

export interface ContractCase {
  readonly name: string;
  /** Rejects with what differs. */
  run(env: ContractEnv): Promise<void>;
}

/** Fails unless both have the same JSON-like structure; bytes and bigints included. */
export function same(actual: unknown, expected: unknown, what: string): void {
  const [got, wanted] = [show(actual), show(expected)];
  if (got !== wanted) throw new Error(`${what}: expected ${wanted}, got ${got}`);
}

export function fails(code: StoreErrorCode, fn: () => unknown, what: string): void {
  try {
    fn();
  } catch (error) {
    const got = error instanceof StoreError ? error.code : String(error);
    if (got !== code) throw new Error(`${what}: expected ${code}, got ${got}`);
    return;
  }
  throw new Error(`${what}: expected ${code}, nothing was thrown`);
}

export async function rejects(
  code: StoreErrorCode,
  fn: () => Promise<unknown>,
  what: string,
): Promise<void> {
  let thrown: unknown = null;
  await fn().catch((error: unknown) => {
    thrown = error;
  });
  fails(
    code,
    () => {
      if (thrown !== null) throw thrown;
    },
    what,
  );
}

function show(value: unknown): string {
  const text = JSON.stringify(value, (_, one: unknown) => {
    if (typeof one === 'bigint') return `bigint ${one}`;
    if (one instanceof Uint8Array) return `bytes ${[...one].join()}`;
    if (typeof one === 'number' && !Number.isFinite(one)) return String(one);
    return one === undefined ? 'undefined' : one;
  });
  return text.length > 400 ? `${text.slice(0, 400)}... (${text.length})` : text;
}
