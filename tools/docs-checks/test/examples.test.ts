import { execFile } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from 'vitest';
import { documents, examplesOf, root } from '../src/examples.ts';
import { givenTo } from '../src/given-to.ts';

const run = promisify(execFile);
const here = fileURLToPath(new URL('..', import.meta.url));
const folder = join(here, '.examples');
const all = documents().flatMap((name) => examplesOf(name));
const fileOf = (name: string, place = folder) => join(place, `${name.replace(/\W+/g, '-')}.ts`);

/** Long loops become short, fixed addresses free ones. */
function adapted(code: string): string {
  const address = "'http://127.0.0.1:4040'";
  const short = code.replace('port: 4040', 'port: 0').replace(/seeds: \d+/, 'seeds: 1');
  if (!short.includes(address)) return short;
  return givenTo(['url']) + short.replace(address, 'url');
}

beforeAll(() => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  for (const { name, code } of all) writeFileSync(fileOf(name), adapted(code));
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({
      extends: '../../../tsconfig.base.json',
      include: ['*.ts'],
      compilerOptions: {
        lib: ['es2025', 'esnext.temporal', 'esnext.disposable', 'webworker'],
        types: ['node'],
        noUnusedLocals: false,
        isolatedDeclarations: false,
        declaration: false,
      },
    }),
  );
});

test('there are examples in the README, in every package, and in the guides', () => {
  const named = new Set(all.map(({ name }) => name.split(' ')[0]));
  for (const name of documents().filter((one) => /^(README|packages|docs\/guides)/.test(one)))
    expect(named, name).toContain(name);
});

test('every example compiles', async () => {
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const { stdout } = await run(process.execPath, [tsc, '-p', folder]).catch(
    (error: { readonly stdout: string }) => error,
  );
  expect(stdout).toBe('');
});

describe('every example runs', () => {
  const ran = all.filter(({ notRun }) => notRun === null).map(({ name }) => name);
  let outcomes: ReadonlyMap<string, string | null> = new Map();

  beforeAll(async () => {
    // In one process, which loads the packages once; what is given is made anew for each.
    const copies = join(folder, 'run');
    mkdirSync(copies);
    const files = all
      .filter(({ notRun }) => notRun === null)
      .map(({ name, code }, i) => {
        const file = fileOf(name, copies);
        const fresh = adapted(code).replace(
          /'\.\.\/src\/given\/(\w+)\.ts'/g,
          `'../../src/given/$1.ts?${i}'`,
        );
        writeFileSync(file, fresh);
        return file;
      });
    const { stdout } = await run(process.execPath, [join(here, 'src/run-examples.ts'), ...files]);
    const lines = stdout.split('\n').filter((line) => line.startsWith('{"ran":'));
    outcomes = new Map(
      lines.map((line) => {
        const { ran: file, error } = JSON.parse(line) as { ran: string; error: string | null };
        return [file, error];
      }),
    );
  });

  test.each(ran)('%s', (name) => {
    expect(outcomes.get(fileOf(name, join(folder, 'run')))).toBe(null);
  });
});
