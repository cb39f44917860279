import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { closeTerminal, openTerminalWith, type Terminal } from './open-terminal.ts';

afterAll(closeTerminal);

const folder = fileURLToPath(new URL('./screens/', import.meta.url));
const world = ['--memory', '--rows', '400', '--seed', '1', '--clock', '2026-03-02T08:00:00Z'];

/** What differs from run to run: the port. */
const masked = (text: string) =>
  text.replace(/127\.0\.0\.1:\d+/g, 'localhost').replace(/ +$/gm, '');

/** Goes through every screen of a device and of the server desk; answers each as it stood. */
async function walk(terminal: Terminal): Promise<readonly (readonly [string, string])[]> {
  const frames: (readonly [string, string])[] = [];
  const keep = async (name: string, marker: string | RegExp) => {
    await terminal.see(marker);
    const text = await terminal.settled();
    frames.push([name, masked(text)]);
    const { inverse } = terminal.styles();
    if (['home', 'grid', 'form', 'errors', 'conflict', 'chaos'].includes(name))
      expect(inverse, name).toBeGreaterThan(20);
  };
  await keep('sync', 'There is no network.');
  terminal.press('o');
  await terminal.see('Connected.');
  terminal.press('s');
  await terminal.see(/> +Accounts +\d+ rows/);
  await keep('home', 'Synchronized.');
  terminal.press('?');
  await keep('help', 'Keys. Up and down scroll');
  terminal.press('\x1b');
  await terminal.see(/> +Accounts/);
  terminal.press('\r');
  await keep('grid', /Active Accounts: \d+ rows/);
  terminal.press('V');
  await keep('pick', /Views: _/);
  terminal.press('\x1b');
  await terminal.see(/Active Accounts: \d+ rows/);
  terminal.press('/alpine ski\r');
  await terminal.see(/find "alpine ski": 1 rows/);
  terminal.press('\r');
  await keep('form', /> Account Name \* +Alpine Ski House/);
  terminal.press('t');
  await terminal.see('No notes yet');
  terminal.press('n');
  await terminal.see('Note: _');
  terminal.press('Prefers calls before noon.\r');
  await terminal.see('Note saved');
  terminal.press('P');
  await keep('timeline', /photo-2026-03-02T080000\.png/);
  terminal.press('\x1b');
  await terminal.see(/> Account Name/);
  terminal.press('Y');
  await keep('why', 'What happened to it here');
  terminal.press('\x1b');
  await terminal.see(/> Account Name/);
  terminal.press('o');
  await terminal.see(/Not connected\.|to upload/);
  terminal.press('j');
  await terminal.see('> Main Phone');
  terminal.press('\r');
  await terminal.see('Main Phone: +47 555 01 10_');
  terminal.press('\x7f\x7f77\r');
  await terminal.see('(not saved)');
  terminal.press('w');
  await terminal.see('Saved on this device.');
  terminal.press('u');
  await terminal.see('update Account: Alpine Ski House');
  terminal.press('\r');
  await keep('queue', /Edit \d+, of version|Edit \d+, not on/);
  terminal.press('\x1b');
  await terminal.see('> Main Phone');
  terminal.press('v');
  await terminal.see('Account on the server');
  await keep('server', /> Main Phone +\+47 555 01 10/);
  terminal.press('\r');
  await terminal.see('Ben Ortiz: Main Phone: +47 555 01 10_');
  terminal.press('\x7f\x7f99\r');
  await terminal.see('Main Phone is changed on the server.');
  terminal.press('v');
  await terminal.see('> Main Phone');
  terminal.press('o');
  await terminal.see('Connected.');
  terminal.press('s');
  await terminal.see('Sync error');
  await terminal.see('Synchronized.');
  terminal.press('x');
  await keep('errors', 'mine: I want');
  terminal.press('\r');
  await keep('conflict', '[brackets] are what K sends');
  terminal.press('K');
  await terminal.see('No sync errors.');
  terminal.press('s');
  await terminal.see('Synchronized.');
  terminal.press('d');
  await keep('status', 'To upload      0 updates on 0 rows');
  terminal.press('p');
  await keep('profile', 'Offline profile "Field staff"');
  terminal.press('\r');
  await keep('capabilities', 'What works offline: Accounts');
  terminal.press('c');
  await terminal.see('Chaos on phone');
  terminal.press('\x1b[C');
  await keep('chaos', /Network +4g/);
  terminal.press('/');
  await terminal.see('Type what you look for.');
  terminal.press('alpine');
  await keep('search', 'Search all tables: alpine_');
  terminal.press('\x1b');
  await terminal.see('Chaos on phone');
  terminal.press('\t');
  await keep('tablet', '[2]');
  terminal.press('q');
  expect(await terminal.exited).toBe(0);
  return frames;
}

const text = (frames: readonly (readonly [string, string])[]) =>
  frames.map(([name, frame]) => `### ${name}\n${frame}\n`).join('');

/** Compares with the frames kept; `OUTPOST_UPDATE=1` keeps new ones. */
function compare(size: string, frames: string): void {
  const file = `${folder}${size}.txt`;
  if (process.env['OUTPOST_UPDATE'] === '1') {
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, frames);
  }
  expect(frames).toBe(readFileSync(file, 'utf8'));
}

describe.each([
  [80, 24],
  [140, 45],
] as const)('every screen in a real terminal of %s x %s', (columns, rows) => {
  test.concurrent.each([
    ['in colour', {}],
    ['without colour', { NO_COLOR: '1' }],
  ] as const)('%s', async (how, env) => {
    const terminal = openTerminalWith(env, columns, rows, ...world, '--devices', '2', '--offline');
    const frames = await walk(terminal);
    compare(`${columns}x${rows}`, text(frames));
    for (const [, frame] of frames) {
      expect(frame.split('\n').length).toBeLessThanOrEqual(rows);
      // U-1: the globe icon and its word on every screen.
      expect(frame).toMatch(
        /\([⊕⊖⊙↑⊗⊘]\) (Connected|Not connected|Syncing|\d+ to upload|Sync error|Warning)/,
      );
    }
    const colors = terminal.raw().split('\x1b[3').length - 1;
    if (how === 'in colour') expect(colors).toBeGreaterThan(50);
    else expect(colors).toBe(0);
  });
});
