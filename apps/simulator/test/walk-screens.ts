import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, onTestFailed } from 'vitest';
import { openTerminalWith, type Terminal } from './open-terminal.ts';

/** `OUTPOST_UPDATE=1` keeps the frames as they are now. */
const isUpdate = process.env['OUTPOST_UPDATE'] === '1';
const folder = fileURLToPath(new URL('./screens/', import.meta.url));
const world = ['--memory', '--rows', '400', '--seed', '1', '--clock', '2026-03-02T08:00:00Z'];

/** Goes through every screen in a real terminal; each must come to be the frame that is kept for this size. */
export async function walkScreens(
  columns: number,
  rows: number,
  withColor: boolean,
): Promise<void> {
  const file = `${folder}${columns}x${rows}.txt`;
  const kept = isUpdate ? new Map<string, string>() : readFrames(file);
  const env: Readonly<Record<string, string>> = withColor ? {} : { NO_COLOR: '1' };
  const terminal = openTerminalWith(env, columns, rows, ...world, '--devices', '2', '--offline');
  const names: string[] = [];
  await walk(terminal, async (name, marker) => {
    names.push(name);
    await terminal.see(marker);
    if (isUpdate) kept.set(name, await settled(terminal));
    await terminal.see(equalTo(name, kept.get(name) ?? ''));
    check(name, kept.get(name) ?? '', rows);
    const { inverse } = terminal.styles();
    const isMarked = ['home', 'grid', 'form', 'errors', 'conflict', 'chaos'].includes(name);
    expect(inverse, name).toBeGreaterThan(isMarked ? 20 : -1);
  });
  expect(names).toEqual([...kept.keys()]);
  const colors = terminal.raw().split('\x1b[3').length - 1;
  expect(colors > 50 ? 'many' : colors).toBe(withColor ? 'many' : 0);
  if (isUpdate) keepFrames(file, kept);
}

function check(name: string, frame: string, rows: number): void {
  expect(frame.split('\n').length, name).toBeLessThanOrEqual(rows);
  // U-1: the globe icon and its word on every screen.
  expect(frame, name).toMatch(
    /\([⊕⊖⊙↑⊗⊘]\) (Connected|Not connected|Syncing|\d+ to upload|Sync error|Warning)/,
  );
}

/** What differs from run to run: the port. */
const masked = (text: string) =>
  text.replace(/127\.0\.0\.1:\d+/g, 'localhost').replace(/ +$/gm, '');

function equalTo(name: string, frame: string): (screen: string) => boolean {
  let isSeen = false;
  onTestFailed(() => {
    if (!isSeen) console.error(`The frame kept for "${name}" is:\n${frame}`);
  });
  return (screen) => {
    isSeen = masked(screen) === frame;
    return isSeen;
  };
}

/** For an update only: the screen when a second has brought nothing new. */
async function settled(terminal: Terminal): Promise<string> {
  for (let last = ''; ; last = terminal.raw()) {
    if (terminal.raw() === last) return masked(terminal.text());
    await delay(1000);
  }
}

function readFrames(file: string): Map<string, string> {
  const parts = readFileSync(file, 'utf8')
    .split(/^### (.*)\n/m)
    .slice(1);
  const frames = new Map<string, string>();
  for (let i = 0; i < parts.length; i += 2)
    frames.set(parts[i] ?? '', (parts[i + 1] ?? '').replace(/\n$/, ''));
  return frames;
}

function keepFrames(file: string, frames: ReadonlyMap<string, string>): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, [...frames].map(([name, frame]) => `### ${name}\n${frame}\n`).join(''));
}

/** Goes through every screen of a device and of the server desk. */
async function walk(
  terminal: Terminal,
  keep: (name: string, marker: string | RegExp) => Promise<void>,
): Promise<void> {
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
}
