import stringWidth from 'string-width';

/** A run of text with a meaning. Every meaning also has a word or a sign. */
export interface Run {
  readonly text: string;
  readonly tone?: Tone;
}

export type Tone =
  | 'muted'
  | 'accent'
  | 'ok'
  | 'warn'
  | 'error'
  | 'changed'
  | 'selected'
  | 'title'
  | 'match'
  | 'selectedMatch';

/** One line of a screen, in runs from left to right. */
export type Line = readonly [Run, ...Run[]];

export const line = (text: string, tone?: Tone): Line => [
  tone === undefined ? { text } : { text, tone },
];

const printable = /^[\x20-\x7e]*$/;
const controls = /[\p{Cc}\p{Cf}]+/gu;
const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** Columns of a terminal that a text takes. */
export function widthOf(text: string): number {
  return printable.test(text) ? text.length : stringWidth(text);
}

/** Cuts or pads to a width in columns. Control characters never reach the terminal. */
export function fit(text: string, width: number): string {
  if (width <= 0) return '';
  const flat = printable.test(text) ? text : text.replace(controls, ' ');
  const wide = widthOf(flat);
  if (wide <= width) return flat + ' '.repeat(width - wide);
  if (wide === flat.length) return `${flat.slice(0, width - 1)}…`;
  let cut = '';
  let used = 0;
  for (const { segment } of graphemes.segment(flat)) {
    const more = stringWidth(segment);
    if (used + more > width - 1) break;
    cut += segment;
    used += more;
  }
  return `${cut}…${' '.repeat(width - 1 - used)}`;
}

/** Runs cut or padded to a width. */
export function clip(runs: readonly Run[], width: number): Line {
  const clipped: Run[] = [];
  let left = width;
  for (const run of runs) {
    if (left <= 0) break;
    if (run.text === '') continue;
    const wide = widthOf(run.text.replace(controls, ' '));
    const text = fit(run.text, Math.min(wide, left));
    clipped.push({ ...run, text });
    left -= widthOf(text);
  }
  if (left > 0) clipped.push({ text: ' '.repeat(left) });
  const [first = { text: '' }, ...rest] = clipped;
  return [first, ...rest];
}

/** A heading inside a screen: a word on a rule. */
export function heading(text: string, columns: number): Line {
  return line(fit(` ── ${text} ${'─'.repeat(columns)}`, columns).replace(/…$/, '─'), 'muted');
}

/** A text in lines of a width, broken between words. */
export function wrapped(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  for (const paragraph of text.split('\n')) {
    let now = '';
    for (const word of paragraph.split(' ')) {
      if (now !== '' && widthOf(now) + 1 + widthOf(word) > width) {
        lines.push(now);
        now = word;
      } else now = now === '' ? word : `${now} ${word}`;
    }
    lines.push(now);
  }
  return lines;
}

export function bytesText(bytes: number): string {
  if (bytes >= 1_000_000_000) return `${(bytes / 1_000_000_000).toFixed(1)} GB`;
  return bytes < 1_000_000
    ? `${Math.round(bytes / 1000)} kB`
    : `${(bytes / 1_000_000).toFixed(1)} MB`;
}

/** A time to the minute, as it is stored: UTC. */
export const minuteOf = (time: unknown): string =>
  String(time ?? '')
    .slice(0, 16)
    .replace('T', ' ');

export const countText = (n: number): string => n.toLocaleString('en-US');

export function bar(done: number, total: number, width: number): string {
  const filled = total === 0 ? width : Math.min(width, Math.round((done / total) * width));
  return '█'.repeat(filled) + '░'.repeat(width - filled);
}

/** Keeps the selected line visible. */
export function scrolled(lines: readonly Line[], selected: number, rows: number): readonly Line[] {
  const from = Math.max(0, Math.min(selected - Math.floor(rows / 2), lines.length - rows));
  return lines.slice(from, from + rows);
}

/** Exactly so many lines of exactly that width. */
export function block(lines: readonly Line[], columns: number, rows: number): readonly Line[] {
  const filled = lines.slice(0, rows).map((runs) => clip(runs, columns));
  while (filled.length < rows) filled.push(line(' '.repeat(columns)));
  return filled;
}
