/** A terminal app that fails: while it draws, or outside of drawing. Started by a test. */
import { Subject } from 'rxjs';
import type { Desk } from '../src/tui/desk.ts';
import { showOnTerminal } from '../src/tui/terminal.tsx';

const [where] = process.argv.slice(2);
const changes = new Subject<void>();
let failing = false;
const desk = {
  changes,
  isTyping: false,
  close: () => undefined,
  press: () => undefined,
  paste: () => undefined,
  get panes() {
    if (failing) throw new Error('The screen broke.');
    return [];
  },
  devices: [],
  focus: 0,
} as unknown as Desk;
setTimeout(() => {
  if (where === 'outside') throw new Error('Something else broke.');
  failing = true;
  changes.next();
}, 300);
const look = { color: true, ascii: false, screenReader: false };
await showOnTerminal(look, () => ({ desk }));
