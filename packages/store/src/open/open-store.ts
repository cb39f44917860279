import type { AppModel, Diagnostic } from '@outpost/model';
import type { DatabaseOptions } from '../driver/pragmas.ts';
import type { StorageLocation } from '../files/storage-location.ts';
import { DeviceStore } from '../gateway/device-store.ts';
import { checkFormat, createMeta, readMeta, writeMeta } from '../gateway/meta.ts';
import type { FoldedSlots } from '../gateway/table-schema.ts';
import type { TripwireMode } from '../gateway/tripwire.ts';
import type { SqlDriver } from '../sql-driver.ts';
import { StoreError } from '../store-error.ts';
import { openDatabase } from './open-database.ts';

/** Own tables of a package above, in the same database. Names begin with `$`. */
export interface SchemaModule {
  readonly name: string;
  readonly version: number;
  /** Brings the tables from version `from` to `version`; 0: there are none yet. Runs in the opening transaction. */
  migrate(driver: SqlDriver, from: number): void;
  /** What every connection needs: temporary tables and triggers. After `migrate`, in the same transaction. */
  opened?(driver: SqlDriver): void;
}

export interface OpenStoreOptions extends DatabaseOptions {
  readonly storage: StorageLocation;
  readonly modules?: readonly SchemaModule[];
  /** Text slots by table that need a folded copy, because views or search compare them. Default: primary names. */
  readonly foldedSlots?: (model: AppModel) => FoldedSlots;
  /** Row changes behind the gateway: throw, report and mark the table as unknown (default), or ignore. */
  readonly tripwire?: TripwireMode;
  /** Check the whole database at open: after a crash (default), always, never. */
  readonly integrity?: 'auto' | 'always' | 'never';
  /** Freeze row images, to find code that changes them. */
  readonly freeze?: boolean;
  /** Told of what must not stop anything: a bypassed gateway, a maintainer that throws. */
  readonly onFault?: (error: unknown) => void;
}

/**
 * Opens the database of a device, after a crash too. Rejects with `store.locked` when it has an owner, `store.corrupt`
 * when SQLite finds damage (nothing is deleted; `openDatabase` still reads what can be read), `store.format` when it is
 * not a database this version knows.
 */
export async function openStore(options: OpenStoreOptions): Promise<DeviceStore> {
  const driver = await openDatabase(options.storage, options);
  const found: Diagnostic[] = [...driver.diagnostics];
  const onFault = options.onFault ?? (() => {});
  try {
    const known = checkFormat(driver) === 'known';
    const unclean = known && readMeta(driver, 'clean') !== '1';
    const level = options.integrity ?? 'auto';
    if (level === 'always' || (level === 'auto' && unclean)) checkIntegrity(driver);
    const epoch = driver.transaction(() => {
      if (!known) createMeta(driver);
      for (const module of options.modules ?? []) {
        migrateModule(driver, module);
        module.opened?.(driver);
      }
      const next = Number(readMeta(driver, 'epoch') ?? 0) + 1;
      writeMeta(driver, 'epoch', next);
      writeMeta(driver, 'clean', 0);
      return next;
    });
    await driver.durable;
    return new DeviceStore({
      driver,
      epoch,
      diagnostics: found,
      foldedSlots: options.foldedSlots ?? (() => new Map()),
      tripwire: options.tripwire ?? 'warn',
      freeze: options.freeze ?? false,
      onFault,
    });
  } catch (error) {
    await driver.close();
    throw error;
  }
}

function checkIntegrity(driver: SqlDriver): void {
  const findings = driver.integrity('quick');
  if (findings.length === 0) return;
  throw new StoreError(
    'store.corrupt',
    `The database is damaged: ${findings.slice(0, 3).join('; ')}`,
    'Read what must be kept with `openDatabase`, move the files away, and sync anew.',
  );
}

function migrateModule(driver: SqlDriver, module: SchemaModule): void {
  const key = `module.${module.name}`;
  const row = driver.prepare('SELECT value FROM "$meta" WHERE key = ?').get([key]);
  const from = row === undefined ? 0 : Number(row[0]);
  if (from > module.version) {
    throw new StoreError(
      'store.format',
      `The tables of "${module.name}" have version ${from}, this version knows ${module.version}.`,
      'Update the app; the data stays as it is until then.',
    );
  }
  if (from === module.version) return;
  module.migrate(driver, from);
  driver
    .prepare(
      'INSERT INTO "$meta" (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
    )
    .run([key, String(module.version)]);
}
