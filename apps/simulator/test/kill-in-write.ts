/**
 * Loaded before the program, ends it with SIGKILL in the middle of a write to a file: with half of the bytes of write
 * number `OUTPOST_KILL_WRITE` after `OUTPOST_KILL_LINES` lines about downloaded pages.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

let lines = Number(process.env['OUTPOST_KILL_LINES']);
let writes = Number(process.env['OUTPOST_KILL_WRITE']);

const print = process.stdout.write.bind(process.stdout);
process.stdout.write = ((text: string) => {
  if (text.includes('"phase":"download"')) lines -= 1;
  return print(text);
}) as typeof process.stdout.write;

const write = fs.writeSync as (...args: readonly unknown[]) => number;
fs.writeSync = ((file: number, bytes: Uint8Array, from: number, length: number, at: number) => {
  if (lines > 0 || --writes > 0) return write(file, bytes, from, length, at);
  write(file, bytes, from, length >> 1, at);
  process.kill(process.pid, 'SIGKILL');
  return length;
}) as typeof fs.writeSync;
syncBuiltinESMExports();
