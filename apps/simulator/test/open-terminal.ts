import { type IPty, spawn } from '@lydell/node-pty';
import xterm from '@xterm/headless';
import { expect, vi } from 'vitest';
import { appFolder, programArgs } from './program.ts';

let open: readonly IPty[] = [];

/** Ends the programs that were opened. */
export function closeTerminal(): void {
  for (const one of open) one.kill();
  open = [];
}

export interface Terminal {
  readonly text: () => string;
  /** Cells that are drawn in a colour, and those drawn inverse. */
  readonly styles: () => { readonly colored: number; readonly inverse: number };
  /** Everything written so far, with control sequences. */
  readonly raw: () => string;
  readonly exited: Promise<number>;
  see(what: string | RegExp, timeout?: number): Promise<void>;
  /** The screen when it no longer changes. */
  settled(): Promise<string>;
  press(...keys: readonly string[]): void;
  resize(columns: number, rows: number): void;
  signal(name: string): void;
}

/** The program in a real pseudo terminal, its screen in an emulator. */
export function openTerminal(columns: number, rows: number, ...args: readonly string[]): Terminal {
  return openTerminalWith({}, columns, rows, ...args);
}

export function openTerminalWith(
  more: Readonly<Record<string, string>>,
  columns: number,
  rows: number,
  ...args: readonly string[]
): Terminal {
  return openInTerminal([...programArgs, ...args], more, columns, rows);
}

/** Any script in a pseudo terminal. */
export function openInTerminal(
  nodeArgs: readonly string[],
  more: Readonly<Record<string, string>>,
  columns: number,
  rows: number,
): Terminal {
  const screen = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true });
  const { CI: _, NO_COLOR: _none, FORCE_COLOR: _forced, ...env } = process.env;
  const started = spawn(process.execPath, [...nodeArgs], {
    name: 'xterm-256color',
    cols: columns,
    rows,
    cwd: appFolder,
    env: { ...env, LANG: 'C.UTF-8', LC_ALL: 'C.UTF-8', INIT_CWD: appFolder, ...more },
  });
  open = [...open, started];
  let raw = '';
  started.onData((data) => {
    raw += data;
    screen.write(data);
  });
  const linesOf = () => {
    const buffer = screen.buffer.active;
    return Array.from({ length: screen.rows }, (_, i) => buffer.getLine(buffer.baseY + i));
  };
  const text = () =>
    linesOf()
      .map((one) => one?.translateToString(true) ?? '')
      .join('\n');
  const cells = () =>
    linesOf().flatMap((one) =>
      Array.from({ length: screen.cols }, (_, x) => one?.getCell(x)).filter(
        (cell) => cell !== undefined,
      ),
    );
  return {
    text,
    styles: () => ({
      colored: cells().filter((cell) => !cell.isFgDefault() || !cell.isBgDefault()).length,
      inverse: cells().filter((cell) => cell.isInverse() !== 0).length,
    }),
    raw: () => raw,
    exited: new Promise((done) => started.onExit(({ exitCode }) => done(exitCode))),
    see: (what, timeout = 25_000) =>
      vi.waitFor(() => expect(text()).toMatch(what), { timeout, interval: 25 }),
    async settled() {
      let last = '';
      await vi.waitFor(
        () => {
          const now = text();
          const same = now === last;
          last = now;
          expect(same).toBe(true);
        },
        { timeout: 10_000, interval: 80 },
      );
      return last;
    },
    press: (...keys) => {
      for (const key of keys) started.write(key);
    },
    resize: (width, height) => {
      screen.resize(width, height);
      started.resize(width, height);
    },
    signal: (name) => started.kill(name),
  };
}
