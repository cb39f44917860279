import { type Line, type Tone, widthOf } from '../tui/line.ts';

/** Pixels of a character. */
const cell = { width: 8.4, height: 18 };
const margin = 12;

/** Colours of the meanings on a light and on a dark page. */
const tones: Readonly<
  Record<Tone, { readonly light: string; readonly dark: string; readonly more?: string }>
> = {
  muted: { light: '#667085', dark: '#8b949e' },
  accent: { light: '#0969a2', dark: '#56c7e8' },
  ok: { light: '#1a7f37', dark: '#57c26b' },
  warn: { light: '#8a6100', dark: '#e3b341' },
  error: { light: '#c4232b', dark: '#ff7b72' },
  changed: { light: '#1a7f37', dark: '#57c26b', more: 'font-weight:bold' },
  selected: { light: '#ffffff', dark: '#0d1117' },
  title: { light: '#1f2328', dark: '#e6edf3', more: 'font-weight:bold' },
  match: { light: '#8a6100', dark: '#e3b341', more: 'font-weight:bold' },
  selectedMatch: { light: '#ffffff', dark: '#0d1117', more: 'font-weight:bold' },
};

/** A frame as a picture: text stays text, colours follow the page, nothing is loaded. */
export function frameSvg(lines: readonly Line[], columns: number, title: string): string {
  const width = Math.ceil(columns * cell.width + 2 * margin);
  const height = lines.length * cell.height + 2 * margin;
  const css = (scheme: 'light' | 'dark') =>
    Object.entries(tones)
      .map(
        ([tone, style]) =>
          `.${tone}{fill:${style[scheme]}${style.more === undefined ? '' : `;${style.more}`}}`,
      )
      .join('');
  const body = lines.flatMap((runs, row) => drawLine(runs, row));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escaped(title)}">`,
    `<title>${escaped(title)}</title>`,
    '<style>',
    'text{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:#1f2328}',
    `.page{fill:#ffffff;stroke:#d0d7de}.bar{fill:#0969a2}${css('light')}`,
    `@media(prefers-color-scheme:dark){text{fill:#e6edf3}.page{fill:#0d1117;stroke:#30363d}.bar{fill:#56c7e8}${css('dark')}}`,
    '</style>',
    `<rect class="page" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8"/>`,
    ...body,
    '</svg>',
    '',
  ].join('\n');
}

function drawLine(runs: Line, row: number): readonly string[] {
  const top = margin + row * cell.height;
  const drawn: string[] = [];
  let column = 0;
  for (const { text, tone } of runs) {
    const wide = widthOf(text);
    const x = number(margin + column * cell.width);
    column += wide;
    const length = number(wide * cell.width);
    if (tone === 'selected' || tone === 'selectedMatch')
      drawn.push(
        `<rect class="bar" x="${x}" y="${top}" width="${length}" height="${cell.height}"/>`,
      );
    const kind = tone === undefined ? '' : ` class="${tone}"`;
    // Words one by one, so that nothing depends on how blanks are drawn.
    for (const { 0: words, index } of text.matchAll(/\S+(?: \S+)*/g)) {
      const at = number(margin + (column - wide + widthOf(text.slice(0, index))) * cell.width);
      const fixed = `textLength="${number(widthOf(words) * cell.width)}" lengthAdjust="spacingAndGlyphs"`;
      drawn.push(`<text${kind} x="${at}" y="${top + 13}" ${fixed}>${escaped(words)}</text>`);
    }
  }
  return drawn;
}

const number = (n: number): string => String(Math.round(n * 10) / 10);

function escaped(text: string): string {
  return text
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/"/g, '&quot;');
}
