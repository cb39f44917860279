import type { SyncFiles } from '../files/sync-files.ts';
import { same } from './contract-case.ts';

export interface FilesCase {
  readonly name: string;
  run(files: SyncFiles): void;
}

/** What SQLite needs of synchronous files. Each case uses the file `probe`, absent at the start. */
export const filesContract: readonly FilesCase[] = [
  {
    name: 'an absent file is opened only when it may be created',
    run(files) {
      same(files.exists('probe'), false, 'exists before');
      same(files.open('probe', false), null, 'open');
      const file = files.open('probe', true);
      same(file?.size(), 0, 'size');
      file?.close();
      same(files.exists('probe'), true, 'exists after');
      files.delete('probe');
      same(files.exists('probe'), false, 'exists after deletion');
    },
  },
  {
    name: 'bytes are read back where they were written; gaps are zero; reads stop at the end',
    run(files) {
      const file = files.open('probe', true);
      if (file === null) throw new Error('not created');
      file.write(new Uint8Array([1, 2, 3]), 5);
      same(file.size(), 8, 'size');
      const into = new Uint8Array(10).fill(9);
      same(file.read(into, 0), 8, 'read');
      same(into, new Uint8Array([0, 0, 0, 0, 0, 1, 2, 3, 9, 9]), 'bytes');
      same(file.read(into, 8), 0, 'at the end');
      same(file.read(into, 100), 0, 'beyond the end');
      file.write(new Uint8Array([7]), 6);
      file.truncate(7);
      file.sync();
      same(file.read(into, 4), 3, 'after truncation');
      same(into.subarray(0, 3), new Uint8Array([0, 1, 7]), 'bytes after truncation');
      file.truncate(9);
      same(file.read(into, 7), 2, 'grown');
      same(into.subarray(0, 2), new Uint8Array([0, 0]), 'grown bytes');
      file.close();
      const again = files.open('probe', false);
      same(again?.size(), 9, 'size after reopening');
      again?.close();
      files.delete('probe');
    },
  },
];
