import { describe, expect, test } from 'vitest';
import { filesContract } from '../src/contract/index.ts';
import { MemoryFiles } from '../src/index.ts';
import { FolderFiles } from '../src/node/folder-files.ts';
import { temporaryFolder } from './locations.ts';

describe.each([
  ['memory', () => new MemoryFiles()],
  ['a folder', () => new FolderFiles(temporaryFolder())],
])('files in %s', (_, files) => {
  test.each(filesContract)('$name', ({ run }) => {
    expect(() => run(files())).not.toThrow();
  });
});
