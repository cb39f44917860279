import { type IPty, spawn } from '@lydell/node-pty';
import xterm from '@xterm/headless';
import { expect, vi } from 'vitest';
import { appFolder, programArgs } from './program.ts';

let pty: IPty | null = null;

/** Ends the program that was opened last. */
export function closeTerminal(): void {
  pty?.kill();
}

export interface Terminal {
  readonly text: () => string;
  readonly exited: Promise<number>;
  see(what: string | RegExp, timeout?: number): Promise<void>;
  press(...keys: readonly string[]): void;
  resize(columns: number, rows: number): void;
}

/** The program in a real pseudo terminal, its screen in an emulator. */
export function openTerminal(columns: number, rows: number, ...args: readonly string[]): Terminal {
  const screen = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true });
  const { CI: _, ...env } = process.env;
  const started = spawn(process.execPath, [...programArgs, ...args], {
    name: 'xterm-256color',
    cols: columns,
    rows,
    cwd: appFolder,
    env: { ...env, INIT_CWD: appFolder },
  });
  pty = started;
  started.onData((data) => screen.write(data));
  const text = () => {
    const buffer = screen.buffer.active;
    return Array.from(
      { length: rows },
      (_, i) => buffer.getLine(buffer.baseY + i)?.translateToString(true) ?? '',
    ).join('\n');
  };
  return {
    text,
    exited: new Promise((done) => started.onExit(({ exitCode }) => done(exitCode))),
    see: (what, timeout = 25_000) =>
      vi.waitFor(() => expect(text()).toMatch(what), { timeout, interval: 50 }),
    press: (...keys) => {
      for (const key of keys) started.write(key);
    },
    resize: (width, height) => started.resize(width, height),
  };
}
