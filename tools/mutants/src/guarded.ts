/** A file where a wrong line loses data, and the tests that are to notice. */
export interface Guarded {
  readonly file: string;
  /** Test files, those that are quick to fail first. */
  readonly judges: readonly string[];
}

const sync = (name: string): string => `packages/sync/test/${name}.test.ts`;

/** In the order of an edit's way: device, upload, organization, and back. */
export const guarded: readonly Guarded[] = [
  { file: 'packages/sync/src/outbox/outbox.ts', judges: [sync('outbox'), sync('coalesce')] },
  { file: 'packages/sync/src/outbox/coalesce.ts', judges: [sync('coalesce')] },
  {
    file: 'packages/sync/src/outbox/entry.ts',
    judges: [sync('outbox'), sync('apply-results'), sync('sync-errors'), sync('coalesce')],
  },
  { file: 'packages/sync/src/outbox/apply-results.ts', judges: [sync('apply-results')] },
  { file: 'packages/sync/src/repair/sync-errors.ts', judges: [sync('sync-errors')] },
  { file: 'packages/sync/src/apply/apply-rows.ts', judges: [sync('apply-rows')] },
  { file: 'packages/sync/src/apply/leave.ts', judges: [sync('leave')] },
  {
    file: 'packages/sync/src/apply/overlay.ts',
    judges: [sync('overlay.property'), sync('overlay')],
  },
  {
    file: 'packages/server/src/feed/candidates.ts',
    judges: ['packages/server/test/reach.test.ts', 'packages/server/test/profile-rows.test.ts'],
  },
];

/** The guarded file that a path means: as it is from the root or from here, or its end. */
export function guardedFile(path: string): Guarded | undefined {
  const wanted = path.replace(/^\.?\//, '').replace(/(\.ts)?$/, '.ts');
  return guarded.find(({ file }) => file === wanted || `/${file}`.endsWith(`/${wanted}`));
}
