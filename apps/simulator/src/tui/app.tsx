import { Box, Text, useInput, usePaste, useWindowSize } from 'ink';
import { useSyncExternalStore } from 'react';
import type { AppStore } from './app-store.ts';
import type { Line, Run } from './line.ts';
import { drawFrame } from './screens.ts';

type Style = {
  readonly color?: string;
  readonly bold?: boolean;
  readonly inverse?: boolean;
  readonly dimColor?: boolean;
  readonly underline?: boolean;
};

const colored: Readonly<Record<NonNullable<Run['tone']>, Style>> = {
  muted: { dimColor: true },
  accent: { color: 'cyan' },
  ok: { color: 'green' },
  warn: { color: 'yellow' },
  error: { color: 'red' },
  selected: { inverse: true },
  title: { bold: true },
  match: { color: 'yellow', bold: true },
  selectedMatch: { inverse: true, bold: true, underline: true },
};
/** Without colour every meaning still has its word or sign; selection keeps its inverse. */
const plain: typeof colored = {
  muted: {},
  accent: {},
  ok: {},
  warn: {},
  error: { bold: true },
  selected: { inverse: true },
  title: { bold: true },
  match: { bold: true, underline: true },
  selectedMatch: { inverse: true, bold: true, underline: true },
};

export interface AppProps {
  readonly store: AppStore;
  readonly color: boolean;
}

/** Draws the store's frame and sends it keys. */
export function App({ store, color }: AppProps) {
  const { columns, rows } = useWindowSize();
  useSyncExternalStore(
    (changed) => {
      const subscription = store.state.subscribe(changed);
      return () => subscription.unsubscribe();
    },
    () => store.current,
  );
  useInput((input, key) => {
    if (input.length > 1 && !key.ctrl && !key.meta) pressAll(store, input);
    else store.press(keyName(input, key));
  });
  usePaste((text) => store.paste(text));
  const theme = color ? colored : plain;
  return (
    <Box flexDirection="column" width={columns} height={rows}>
      {drawFrame(store, columns, rows).map((runs, row) => (
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
function pressAll(store: AppStore, input: string): void {
  for (const part of input.match(/[\r\n\t\x7f\b]|[^\r\n\t\x7f\b]+/g) ?? []) {
    const control = controls[part];
    if (control !== undefined) store.press(control);
    else if (store.isTyping) store.paste(part);
    else for (const letter of part) store.press(letter === ' ' ? 'space' : letter);
  }
}

function FrameLine({ runs, theme }: { readonly runs: Line; readonly theme: typeof colored }) {
  const parts = runs.map((run, i) => (
    <Text key={`run ${i.toString()}`} {...styleOf(run, theme)}>
      {i === 0 && run.text === '' ? ' ' : run.text}
    </Text>
  ));
  return <Text wrap="truncate">{parts}</Text>;
}

function styleOf(run: Run, theme: typeof colored): Style {
  return run.tone === undefined ? {} : theme[run.tone];
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
  if (key.return) return 'return';
  if (key.escape) return 'escape';
  if (key.backspace || key.delete) return 'backspace';
  if (key.ctrl) return `ctrl+${input}`;
  return input === ' ' ? 'space' : input;
}
