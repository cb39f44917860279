import { MemoryFiles, type StorageLocation } from '@outpost/store';

/** The files of a closed database, by what follows its name. */
export type DatabaseImage = ReadonlyMap<string, Uint8Array>;

/** Copies the files of a closed database in memory. */
export async function readImage(storage: StorageLocation): Promise<DatabaseImage> {
  const opened = await storage.open();
  const { files } = opened;
  if (!(files instanceof MemoryFiles)) throw new Error('Only databases in memory are copied.');
  const image = new Map(
    files.names().map((name) => [name.slice(storage.name.length), files.bytes(name)]),
  );
  await opened.close();
  return image;
}

/** Puts the files of an image where no database is yet. */
export async function writeImage(storage: StorageLocation, image: DatabaseImage): Promise<void> {
  const opened = await storage.open();
  for (const [suffix, bytes] of image) {
    const file = opened.files.open(`${storage.name}${suffix}`, true);
    if (file === null) throw new Error(`${storage.name}${suffix} could not be made.`);
    file.write(bytes, 0);
    file.sync();
    file.close();
  }
  await opened.close();
}
