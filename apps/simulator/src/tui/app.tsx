import { Box, Text, useInput, usePaste, useWindowSize } from 'ink';
import { Component, type ReactNode, useEffect, useReducer } from 'react';
import { auditTime } from 'rxjs';
import type { Desk } from './desk.ts';
import { type Caption, drawFrame } from './frame.ts';
import type { Line } from './line.ts';
import type { Look } from './look.ts';
import { colored, styleOf, type Theme, uncolored } from './theme.ts';

export interface AppProps {
  readonly desk: Desk;
  readonly look: Look;
  /** Lines of a tour or scenario. */
  readonly caption?: Caption;
  /** Keys that a tour or scenario takes for itself. */
  readonly intercept?: (key: string) => boolean;
}

/** What happens by itself is drawn at most this often. */
const backgroundMs = 80;

/** Draws the desk's frame and sends it keys. */
export function App({ desk, look, caption, intercept }: AppProps) {
  const { columns, rows } = useWindowSize();
  const [, redraw] = useReducer((n: number) => n + 1, 0);
  useEffect(() => {
    const subscription = desk.changes.pipe(auditTime(backgroundMs)).subscribe(redraw);
    return () => subscription.unsubscribe();
  }, [desk]);
  // What a key does is seen at once; what happens by itself may wait a moment and leaves room for keys.
  const press = (key: string) => {
    if (intercept?.(key) !== true) desk.press(key);
    redraw();
  };
  useInput((input, key) => {
    if (input.length > 1 && !key.ctrl && !key.meta) pressAll(desk, press, input);
    else press(keyName(input, key));
  });
  usePaste((text) => {
    desk.paste(text);
    redraw();
  });
  const theme = look.color ? colored : uncolored;
  const lines = drawFrame(desk, columns, rows, look, caption);
  return (
    <Box flexDirection="column" width={columns} {...(look.screenReader ? {} : { height: rows })}>
      {lines.map((runs, row) => (
        <FrameLine key={`line ${row.toString()}`} runs={runs} theme={theme} />
      ))}
    </Box>
  );
}

const controls: Readonly<Record<string, string>> = {
  '\r': 'return',
  '\n': 'return',
  '\t': 'tab',
  '\x7f': 'backspace',
  '\b': 'backspace',
};

/** Fast typing arrives as several keys at once. */
function pressAll(desk: Desk, press: (key: string) => void, input: string): void {
  for (const part of input.match(/[\r\n\t\x7f\b]|[^\r\n\t\x7f\b]+/g) ?? []) {
    const control = controls[part];
    if (control !== undefined) press(control);
    else if (desk.isTyping) {
      desk.paste(part);
      press('');
    } else for (const letter of part) press(letter === ' ' ? 'space' : letter);
  }
}

function FrameLine({ runs, theme }: { readonly runs: Line; readonly theme: Theme }) {
  const parts = runs.map((run, i) => (
    <Text key={`run ${i.toString()}`} {...styleOf(run, theme)}>
      {run.text}
    </Text>
  ));
  return <Text wrap="truncate">{parts}</Text>;
}

type InkKey = Parameters<Parameters<typeof useInput>[0]>[1];

function keyName(input: string, key: InkKey): string {
  if (key.upArrow) return 'up';
  if (key.downArrow) return 'down';
  if (key.leftArrow) return 'left';
  if (key.rightArrow) return 'right';
  if (key.tab) return 'tab';
  if (key.pageUp) return 'pageup';
  if (key.pageDown) return 'pagedown';
  if (key.home) return 'home';
  if (key.end) return 'end';
  if (key.return) return 'return';
  if (key.escape) return 'escape';
  if (key.backspace || key.delete) return 'backspace';
  if (key.ctrl) return `ctrl+${input}`;
  return input === ' ' ? 'space' : input;
}

/** Gives a failure of drawing to whoever can close the terminal properly. */
export class Guard extends Component<{
  readonly children: ReactNode;
  readonly onFailure: (error: unknown) => void;
}> {
  override state: { readonly failed: boolean } = { failed: false };
  static getDerivedStateFromError(): { readonly failed: boolean } {
    return { failed: true };
  }
  override componentDidCatch(error: unknown): void {
    this.props.onFailure(error);
  }
  override render(): ReactNode {
    return this.state.failed ? null : this.props.children;
  }
}
