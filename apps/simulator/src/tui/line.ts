/** A run of text with a meaning. Every meaning also has a word or a sign. */
export interface Run {
  readonly text: string;
  readonly tone?:
    | 'muted'
    | 'accent'
    | 'ok'
    | 'warn'
    | 'error'
    | 'selected'
    | 'title'
    | 'match'
    | 'selectedMatch';
}
/** One line of a screen, in runs from left to right. */
export type Line = readonly [Run, ...Run[]];

export const line = (text: string, tone?: Run['tone']): Line => [
  tone === undefined ? { text } : { text, tone },
];

/** Cuts or pads to a width. */
export function fit(text: string, width: number): string {
  const flat = text.replace(/[\r\n\t]+/g, ' ');
  if (width <= 0) return '';
  if (flat.length > width) return width === 1 ? '…' : `${flat.slice(0, width - 1)}…`;
  return flat.padEnd(width);
}

export function bytesText(bytes: number): string {
  return bytes < 1_000_000
    ? `${Math.round(bytes / 1000)} kB`
    : `${(bytes / 1_000_000).toFixed(1)} MB`;
}

export function bar(done: number, total: number, width: number): string {
  const filled = total === 0 ? width : Math.min(width, Math.round((done / total) * width));
  return '#'.repeat(filled) + '-'.repeat(width - filled);
}

/** Keeps the selected line visible. */
export function scrolled(lines: readonly Line[], selected: number, rows: number): readonly Line[] {
  const from = Math.max(0, Math.min(selected - Math.floor(rows / 2), lines.length - rows));
  return lines.slice(from, from + rows);
}
