import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';

const script = fileURLToPath(new URL('../../../.ci/install-programs', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'outpost-programs-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs the script on a machine that has only these programs; PostgreSQL is given by address, as in a test of ours. */
function installOn(name: string, ...programs: readonly string[]) {
  const bin = join(folder, name);
  const asked = join(folder, `${name}.log`);
  mkdirSync(bin);
  writeFileSync(asked, '');
  const passOn = '#!/bin/bash\nwhile [[ $1 == -n || $1 == *=* ]]; do shift; done\n"$@"\n';
  const scripts: Readonly<Record<string, string>> = {
    'apt-get': `#!/bin/bash\necho "$*" >> '${asked}'\n`,
    env: passOn,
    sudo: passOn,
  };
  for (const program of programs) {
    writeFileSync(join(bin, program), scripts[program] ?? '#!/bin/bash\n');
    chmodSync(join(bin, program), 0o755);
  }
  const env = { PATH: bin, OUTPOST_POSTGRES: 'postgres://given' };
  const { stdout, status } = spawnSync('/bin/bash', [script], { env, encoding: 'utf8' });
  return { status, said: stdout.trim(), asked: readFileSync(asked, 'utf8').trim().split('\n') };
}

const apt = ['apt-get', 'env', 'sudo'];

test('nothing is installed where everything is', () => {
  const { status, said, asked } = installOn('whole', 'google-chrome', 'sqlite3', ...apt);
  expect(status).toBe(0);
  expect(said).toBe('Nothing to install: a browser, sqlite3 and PostgreSQL are here.');
  expect(asked).toEqual(['']);
});

test('only what is missing is installed, and named', () => {
  const { status, said, asked } = installOn('partly', 'sqlite3', ...apt);
  expect(status).toBe(0);
  expect(said).toBe('Installing chromium ...');
  expect(asked).toEqual(['-qq update', '-qq install -y --no-install-recommends chromium']);
});

test('where nothing can be installed, it says what is missing', () => {
  const { status, said } = installOn('bare');
  expect(status).toBe(0);
  expect(said).toBe('Missing, and there is no apt-get to install with as root: chromium sqlite3.');
});
