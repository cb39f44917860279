import type { Run, Tone } from './line.ts';

/** How a run is drawn: one of the 16 colours, and what terminals without colour can show too. */
export interface Style {
  readonly color?: 'cyan' | 'green' | 'yellow' | 'red' | 'blue';
  readonly bold?: boolean;
  readonly inverse?: boolean;
  readonly dimColor?: boolean;
  readonly underline?: boolean;
}
export type Theme = Readonly<Record<Tone, Style>>;

export const colored: Theme = {
  muted: { dimColor: true },
  accent: { color: 'cyan' },
  ok: { color: 'green' },
  warn: { color: 'yellow' },
  error: { color: 'red' },
  changed: { color: 'green', bold: true },
  selected: { inverse: true },
  title: { bold: true },
  match: { color: 'yellow', bold: true },
  selectedMatch: { inverse: true, bold: true, underline: true },
};

/** Without colour every meaning still has its word or sign; selection keeps its inverse. */
export const uncolored: Theme = {
  muted: {},
  accent: {},
  ok: {},
  warn: {},
  error: { bold: true },
  changed: { bold: true },
  selected: { inverse: true },
  title: { bold: true },
  match: { bold: true, underline: true },
  selectedMatch: { inverse: true, bold: true, underline: true },
};

export function styleOf(run: Run, theme: Theme): Style {
  return run.tone === undefined ? {} : theme[run.tone];
}
