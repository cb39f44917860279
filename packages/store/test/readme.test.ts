import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from './locations.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const examples = [...readme.matchAll(/^```ts\n([\s\S]*?)^```/gm)].map((one) => one[1] ?? '');

describe('examples of the README', () => {
  test.each(examples.map((code, i) => [i + 1, code] as const))('number %i runs', (i, code) => {
    const file = join(root, '.results', `readme-${i}.ts`);
    mkdirSync(join(root, '.results'), { recursive: true });
    writeFileSync(file, code);
    const ran = spawnSync(process.execPath, [file], { cwd: temporaryFolder() });
    rmSync(file);
    expect(ran.stderr.toString()).toBe('');
    expect(ran.stdout.toString()).not.toBe('');
    expect(ran.status).toBe(0);
  });
});
