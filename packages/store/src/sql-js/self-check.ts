import type { SqlJsModule } from 'sql.js';
import { MemoryFiles } from '../files/memory-files.ts';
import { CheckFailed } from './check-failed.ts';
import type { Engine } from './load-engine.ts';

const rawFunctions = [
  '_malloc',
  '_free',
  'addFunction',
  'removeFunction',
  'UTF8ToString',
  '_sqlite3_prepare_v2',
  '_sqlite3_step',
  '_sqlite3_reset',
  '_sqlite3_finalize',
  '_sqlite3_column_count',
  '_sqlite3_data_count',
  '_sqlite3_column_name',
  '_sqlite3_column_type',
  '_sqlite3_column_double',
  '_sqlite3_column_text',
  '_sqlite3_column_blob',
  '_sqlite3_column_bytes',
  '_sqlite3_bind_int',
  '_sqlite3_bind_double',
  '_sqlite3_bind_text',
  '_sqlite3_bind_blob',
  '_sqlite3_changes',
  '_sqlite3_errmsg',
  '_sqlite3_exec',
  '_sqlite3_create_function_v2',
  '_sqlite3_value_type',
  '_sqlite3_value_double',
  '_sqlite3_value_text',
  '_sqlite3_value_blob',
  '_sqlite3_value_bytes',
  '_sqlite3_result_null',
  '_sqlite3_result_double',
  '_sqlite3_result_int64',
  '_sqlite3_result_text',
  '_sqlite3_result_blob',
  '_sqlite3_result_error',
] as const satisfies readonly (keyof SqlJsModule)[];

/**
 * Tries the engine before anything is trusted to it: every function is there, a database on our files survives closing,
 * and sql.js still works by itself. Throws what failed.
 */
export function checkEngine({ module, vfs }: Engine): void {
  const missing = rawFunctions.filter((name) => typeof module[name] !== 'function');
  if (missing.length > 0) throw new CheckFailed(`the build lacks ${missing.join(', ')}`);
  const files = new MemoryFiles();
  const name = 'probe.db';
  const use = (sql: string): unknown => {
    const opened = vfs.open(files, name);
    try {
      opened.db.run('PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL');
      const statement = opened.db.prepare(sql);
      const value = statement.step() ? statement.get(null, { useBigInt: false })[0] : null;
      statement.free();
      return value;
    } finally {
      opened.db.close();
      opened.release();
    }
  };
  use('CREATE TABLE t (x)');
  use('INSERT INTO t VALUES (42)');
  if (use('SELECT x FROM t') !== 42) throw new CheckFailed('a written row was not read back');
  const header = new TextDecoder().decode(files.bytes(name).subarray(0, 15));
  if (header !== 'SQLite format 3') throw new CheckFailed('the database is not on our files');
  const plain = new module.Database();
  plain.run('CREATE TABLE t (x)');
  const copy = new module.Database(plain.export());
  copy.run('SELECT x FROM t');
  copy.close();
  plain.close();
}
