import type { SqlDriver } from '../sql-driver.ts';
import { StoreError } from '../store-error.ts';

/** What SQLite finds wrong; damage that stops the check itself is a finding too. */
export function integrityFindings(driver: SqlDriver, level: 'quick' | 'full'): readonly string[] {
  try {
    const pragma = level === 'quick' ? 'PRAGMA quick_check' : 'PRAGMA integrity_check';
    const rows = driver.prepare(pragma).all();
    return rows.map((row) => String(row[0])).filter((finding) => finding !== 'ok');
  } catch (error) {
    if (error instanceof StoreError && error.code === 'sql.corrupt') return [error.message];
    throw error;
  }
}
