/** A terminal app that fails when a key is pressed: while it draws, or outside of drawing. Started by a test. */
import { Subject } from 'rxjs';
import type { Desk } from '../src/tui/desk.ts';
import { line } from '../src/tui/line.ts';
import { showOnTerminal } from '../src/tui/terminal.tsx';

const [where] = process.argv.slice(2);
const changes = new Subject<void>();
let failing = false;
const fail = (message: string): never => {
  throw new Error(message);
};
const desk = {
  changes,
  isTyping: false,
  close: () => undefined,
  press: () => {
    if (where === 'outside') queueMicrotask(() => fail('Something else broke.'));
    else failing = true;
  },
  paste: () => undefined,
  get panes() {
    if (failing) fail('The screen broke.');
    return [];
  },
  devices: [],
  focus: 0,
} as unknown as Desk;
const look = { color: true, ascii: false, screenReader: false };
await showOnTerminal(look, () => ({ desk, caption: () => [line('Press a key.')] }));
