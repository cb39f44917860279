import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'fflate';
import { build, folderOf, manifestOf, packageNames, root } from './packages.ts';

/** A project that has installed the packages from their tarballs. */
export interface Consumer {
  readonly folder: string;
  tarballOf(name: string): Uint8Array;
  /** Where a package is unpacked; `node_modules` links to it. */
  folderOf(name: string): string;
}

/** Builds, packs and installs all packages in an empty folder. */
export function makeConsumer(folder: string): Consumer {
  const tarballs = join(folder, 'tarballs');
  mkdirSync(tarballs);
  for (const name of packageNames()) build(name);
  const pack = ['-y', 'pnpm@12.21.0', '-r', '--filter', './packages/*'];
  execFileSync('npx', [...pack, 'pack', '--pack-destination', tarballs], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const consumer: Consumer = {
    folder,
    tarballOf: (name) => {
      const file = readdirSync(tarballs).find((one) => one.startsWith(`outpost-${name}-`));
      return readFileSync(join(tarballs, file ?? ''));
    },
    folderOf: (name) => join(folder, 'packages', name),
  };
  for (const name of packageNames()) install(consumer, name);
  return consumer;
}

/** Unpacks a tarball and links it where a package manager would, its npm dependencies beside it. */
function install(consumer: Consumer, name: string): void {
  for (const [path, content] of filesOf(consumer.tarballOf(name))) {
    const file = join(consumer.folderOf(name), path.replace(/^package\//, ''));
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
  const { dependencies, devDependencies } = manifestOf(name);
  const types = Object.keys(devDependencies ?? {}).filter((one) => one.startsWith('@types/'));
  link(consumer, `@outpost/${name}`, consumer.folderOf(name));
  for (const dependency of [...Object.keys(dependencies ?? {}), ...types])
    if (!dependency.startsWith('@outpost/'))
      link(consumer, dependency, join(folderOf(name), 'node_modules', dependency));
}

function link({ folder }: Consumer, name: string, target: string): void {
  const path = join(folder, 'node_modules', name);
  if (existsSync(path)) return;
  mkdirSync(dirname(path), { recursive: true });
  symlinkSync(target, path);
}

/** Files of a tarball: paths that begin with `package/`, and contents. */
export function* filesOf(tarball: Uint8Array): Generator<readonly [string, Uint8Array]> {
  const bytes = gunzipSync(tarball);
  const text = (from: number, length: number) =>
    new TextDecoder().decode(bytes.subarray(from, from + length)).replace(/\0.*$/s, '');
  for (let at = 0; at + 512 <= bytes.length && bytes[at] !== 0; ) {
    const size = Number.parseInt(text(at + 124, 12), 8);
    const prefix = text(at + 345, 155);
    const name = prefix === '' ? text(at, 100) : `${prefix}/${text(at, 100)}`;
    if (text(at + 156, 1) !== '5') yield [name, bytes.subarray(at + 512, at + 512 + size)];
    at += 512 + Math.ceil(size / 512) * 512;
  }
}
