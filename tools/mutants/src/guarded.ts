import { isAbsolute, relative } from 'node:path';
import { root } from './root.ts';

/** A file where a wrong line loses data, and the tests that are to notice. */
export interface Guarded {
  readonly file: string;
  /** Test files, those that are quick to fail first. None that draws other cases each time: scores are to repeat. */
  readonly judges: readonly string[];
}

const sync = (name: string): string => `packages/sync/test/${name}.test.ts`;
const server = (name: string): string => `packages/server/test/${name}.test.ts`;

/** In the order of an edit's way: device, upload, organization, and back. */
export const guarded: readonly Guarded[] = [
  { file: 'packages/sync/src/outbox/outbox.ts', judges: [sync('outbox'), sync('coalesce')] },
  { file: 'packages/sync/src/outbox/coalesce.ts', judges: [sync('coalesce')] },
  { file: 'packages/sync/src/outbox/entry.ts', judges: [sync('entry')] },
  { file: 'packages/sync/src/outbox/apply-results.ts', judges: [sync('apply-results')] },
  { file: 'packages/sync/src/repair/sync-errors.ts', judges: [sync('sync-errors')] },
  { file: 'packages/sync/src/apply/apply-rows.ts', judges: [sync('apply-rows')] },
  { file: 'packages/sync/src/apply/leave.ts', judges: [sync('leave')] },
  { file: 'packages/sync/src/apply/overlay.ts', judges: [sync('overlay')] },
  {
    file: 'packages/store/src/gateway/write-tx.ts',
    judges: ['packages/store/test/write-tx.test.ts'],
  },
  { file: 'packages/server/src/write/row-writer.ts', judges: [server('row-writer')] },
  { file: 'packages/server/src/sync/results.ts', judges: [server('results')] },
  { file: 'packages/server/src/feed/candidates.ts', judges: [server('candidates')] },
];

/** The guarded file that a path means: whole, from the root, or its end; `.ts` may be left out. */
export function guardedFile(path: string): Guarded | undefined {
  const known = isAbsolute(path) ? relative(root, path) : path.replace(/^\.\//, '');
  const wanted = known.replace(/(\.ts)?$/, '.ts');
  return guarded.find(({ file }) => file === wanted || `/${file}`.endsWith(`/${wanted}`));
}
