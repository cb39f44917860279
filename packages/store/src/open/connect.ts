import type { Diagnostic } from '@outpost/model';
import type { DatabaseOptions } from '../driver/pragmas.ts';
import type { OpenedStorage } from '../files/storage-location.ts';
import type { SqlDriver } from '../sql-driver.ts';
import type { EngineResult } from '../sql-js/load-engine.ts';
import { openSnapshotDriver } from '../sql-js/snapshot-driver.ts';
import { openSqlJs } from '../sql-js/sql-js-driver.ts';
import { StoreError } from '../store-error.ts';

/** The best that the engine allows: sql.js on the files, the platform's SQLite on them, sql.js in memory. */
export function connect(
  result: EngineResult,
  opened: OpenedStorage,
  name: string,
  options: DatabaseOptions,
): SqlDriver {
  if (result.kind === 'ready') return openSqlJs(result.engine, opened, name, options);
  if (options.require === 'wal' && opened.native === undefined) {
    throw new StoreError(
      'store.selfCheck',
      `sql.js failed its self-check: ${result.failed}.`,
      'Use sql.js 1.16, or open without `require`.',
    );
  }
  const message = `sql.js failed its self-check: ${result.failed}.`;
  const report = (instead: string): readonly Diagnostic[] => [
    {
      severity: 'warning',
      code: 'store.selfCheck',
      message: `${message} ${instead} is used instead.`,
      location: 'engine',
    },
  ];
  if (opened.native !== undefined) {
    return opened.native.open(options, opened, report("The platform's SQLite"));
  }
  const diagnostics = report('A copy in memory, written out as a whole at every commit,');
  return openSnapshotDriver(result.module, opened, name, options, diagnostics);
}
