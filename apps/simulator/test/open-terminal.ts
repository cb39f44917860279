import { spawn } from '@lydell/node-pty';
import xterm from '@xterm/headless';
import { onTestFailed, onTestFinished } from 'vitest';
import { appFolder, built, killWithChildren } from './program.ts';

export interface Terminal {
  readonly text: () => string;
  /** Cells that are drawn in a colour, and those drawn inverse. */
  readonly styles: () => { readonly colored: number; readonly inverse: number };
  /** Everything written so far, with control sequences. */
  readonly raw: () => string;
  readonly exited: Promise<number>;
  /**
   * Waits until the screen shows it, for as long as a test may take: what is waited for must stay until a key is pressed.
   * Fails when the program ends before.
   */
  see(what: string | RegExp | ((screen: string) => boolean)): Promise<void>;
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
  return openInTerminal(process.execPath, [built('main'), ...args], more, columns, rows);
}

/** Any program in a pseudo terminal; it ends with the test, and the screen is shown if that fails. */
export function openInTerminal(
  command: string,
  args: readonly string[],
  more: Readonly<Record<string, string>>,
  columns: number,
  rows: number,
): Terminal {
  const screen = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true });
  // As people have it, not as tests do.
  const { CI: _, NO_COLOR: _none, FORCE_COLOR: _forced, NODE_ENV: _test, ...env } = process.env;
  const started = spawn(command, [...args], {
    name: 'xterm-256color',
    cols: columns,
    rows,
    cwd: appFolder,
    env: { ...env, LANG: 'C.UTF-8', LC_ALL: 'C.UTF-8', INIT_CWD: appFolder, ...more },
  });
  let raw = '';
  let waiting: Waiting | null = null;
  let code: number | null = null;
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
  const look = () => {
    if (waiting === null) return;
    if (waiting.isSeen(text())) waiting.done();
    else if (code !== null) waiting.failed(code);
    else return;
    waiting = null;
  };
  const exited = new Promise<number>((done) =>
    started.onExit(({ exitCode }) => {
      // What it wrote last is drawn first.
      screen.write('', () => {
        code = exitCode;
        look();
        done(exitCode);
      });
    }),
  );
  started.onData((data) => {
    raw += data;
    screen.write(data, look);
  });
  onTestFailed(() => console.error(`The terminal showed:\n${text()}`));
  onTestFinished(async () => {
    killWithChildren(started.pid);
    await exited;
  });
  return {
    text,
    styles: () => ({
      colored: cells().filter((cell) => !cell.isFgDefault() || !cell.isBgDefault()).length,
      inverse: cells().filter((cell) => cell.isInverse() !== 0).length,
    }),
    raw: () => raw,
    exited,
    see: (what) => {
      const isSeen = seenBy(what);
      // The stack of the caller, not that of whoever draws.
      const error = new Error(`The program ended before its screen showed ${String(what)}.`);
      return new Promise((done, reject) => {
        waiting = {
          isSeen,
          done,
          failed: (exitCode) => {
            error.message += ` Exit code ${exitCode}.`;
            reject(error);
          },
        };
        look();
      });
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

interface Waiting {
  readonly isSeen: (screen: string) => boolean;
  readonly done: () => void;
  readonly failed: (code: number) => void;
}

function seenBy(what: string | RegExp | ((screen: string) => boolean)) {
  if (typeof what === 'function') return what;
  return (screen: string) => (typeof what === 'string' ? screen.includes(what) : what.test(screen));
}
