import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import { FaultFiles } from '../src/contract/index.ts';
import {
  deleteDatabase,
  MemoryFiles,
  openDatabase,
  pageLogStorage,
  type SqlDriver,
  type StorageLocation,
} from '../src/index.ts';
import { fileStorage, memoryStorage } from '../src/node/index.ts';
import { connect } from '../src/open/connect.ts';
import { loadEngine } from '../src/sql-js/load-engine.ts';

const folders: string[] = [];
afterEach(() => {
  for (const path of folders.splice(0)) rmSync(path, { recursive: true, force: true });
});

/** A folder that is removed after the test. */
export function temporaryFolder(): string {
  const path = mkdtempSync(join(tmpdir(), 'outpost-store-'));
  folders.push(path);
  return path;
}

/** Storage locations that work as they should, each new. */
export const locations: readonly (readonly [string, () => StorageLocation])[] = [
  ['sql.js on files', () => fileStorage(temporaryFolder(), 'device')],
  ['sql.js in memory', () => memoryStorage()],
  [
    'node:sqlite on files',
    () => fileStorage(temporaryFolder(), 'device', { driver: 'node:sqlite' }),
  ],
  ['sql.js on a page log', () => pageLogStorage(fileStorage(temporaryFolder(), 'device'))],
  [
    'sql.js on a grouped page log',
    () => pageLogStorage(fileStorage(temporaryFolder(), 'device'), { grouped: true }),
  ],
];

/** Ways to a driver: the locations, and the two fallbacks. */
export const openers: readonly (readonly [string, () => () => Promise<SqlDriver>])[] = [
  ...locations.map(
    ([name, location]) =>
      [
        name,
        () => {
          const storage = location();
          return () => openDatabase(storage);
        },
      ] as const,
  ),
  [
    'sql.js with a rollback journal',
    () => {
      const storage = withoutWal(fileStorage(temporaryFolder(), 'device'));
      return () => openDatabase(storage);
    },
  ],
  ['sql.js with snapshots', () => () => openFailedEngine(snapshotStorage)],
  [
    'sql.js with snapshots on a grouped page log',
    () => () => openFailedEngine(pageLogStorage(snapshotStorage, { grouped: true })),
  ],
];

let snapshotStorage: StorageLocation = memoryStorage();
/** Makes the snapshot opener begin with an empty database. */
export function resetSnapshotStorage(): void {
  snapshotStorage = fileStorage(temporaryFolder(), 'device');
}

/** Opens a database as on a platform where sql.js fails its self-check and there is no other SQLite. */
export async function openFailedEngine(location: StorageLocation): Promise<SqlDriver> {
  const { native: _, ...opened } = await location.open();
  const loaded = await loadEngine(opened.wasm);
  if (loaded.kind !== 'ready') throw new Error(loaded.failed);
  const failed = { kind: 'plain', module: loaded.engine.module, failed: 'on purpose' } as const;
  return connect(failed, opened, location.name, {});
}

/** The location without the ability to keep a write-ahead log. */
export function withoutWal(location: StorageLocation): StorageLocation {
  return {
    name: location.name,
    delete: () => location.delete(),
    async open() {
      const opened = await location.open();
      const { files } = opened;
      return {
        ...opened,
        files: {
          open: (name, create) => (name.endsWith('-wal') ? null : files.open(name, create)),
          exists: (name) => files.exists(name),
          delete: (name) => files.delete(name),
        },
      };
    },
  };
}

/** Memory that fails on demand. */
export function faultyLocation(inner = new MemoryFiles()): {
  readonly files: FaultFiles;
  readonly location: StorageLocation;
} {
  const files = new FaultFiles(inner);
  const memory = memoryStorage();
  return {
    files,
    location: {
      name: 'device.db',
      open: async () => ({ ...(await memory.open()), files }),
      delete: async () => deleteDatabase(files, 'device.db'),
    },
  };
}

/** An error as Node gives it. */
export function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: on purpose`), { code });
}
