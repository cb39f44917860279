import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root: string = fileURLToPath(new URL('../../..', import.meta.url));

export interface Manifest {
  readonly name: string;
  readonly sideEffects?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, string>>;
  readonly publishConfig: {
    readonly exports: Readonly<
      Record<string, { readonly types: string; readonly default: string }>
    >;
  };
}

/** Folder names of all packages. */
export function packageNames(): readonly string[] {
  return readdirSync(join(root, 'packages')).sort();
}

export function folderOf(name: string): string {
  return join(root, 'packages', name);
}

export function manifestOf(name: string): Manifest {
  return JSON.parse(readFileSync(join(folderOf(name), 'package.json'), 'utf8')) as Manifest;
}

/**
 * Compiles a package into `dist`, declarations beside the code. Types are not checked here, which `typecheck` does:
 * every declaration states its types (`isolatedDeclarations`), so what is written is the same in a quarter of the time.
 */
export function build(name: string): void {
  const manifest = createRequire(import.meta.url).resolve('typescript/package.json');
  const tsc = join(dirname(manifest), 'bin/tsc');
  const args = [tsc, '-p', 'tsconfig.build.json', '--noCheck', '--noResolve'];
  execFileSync(process.execPath, args, { cwd: folderOf(name) });
}
