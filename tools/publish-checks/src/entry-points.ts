import { join } from 'node:path';
import type { Consumer } from './consumer.ts';
import { manifestOf, packageNames } from './packages.ts';

/** What somebody imports from. */
export interface EntryPoint {
  /** Folder name of the package. */
  readonly package: string;
  /** Such as `@outpost/sync/http`. */
  readonly name: string;
  /** Name of its report, such as `sync-http`. */
  readonly report: string;
  /** The declarations that a consumer gets. */
  readonly declarations: string;
}

/** Entry points of all packages, as a consumer has them. */
export function entryPoints(consumer: Consumer): readonly EntryPoint[] {
  return packageNames().flatMap((name) => {
    const manifest = manifestOf(name);
    return Object.entries(manifest.publishConfig.exports).map(([path, { types }]) => ({
      package: name,
      name: `${manifest.name}${path.slice(1)}`,
      report: `${name}${path.slice(1).replaceAll('/', '-')}`,
      declarations: join(consumer.folderOf(name), types),
    }));
  });
}
