import type { Line } from './line.ts';

/** What the terminal can show, and how its user reads. */
export interface Look {
  /** The 16 colours; without them every meaning keeps its word or sign. */
  readonly color: boolean;
  /** Signs and lines from ASCII only. */
  readonly ascii: boolean;
  /** Linear text without rules and bars, for a screen reader. */
  readonly screenReader: boolean;
}

interface Given {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly noColor: boolean;
  readonly ascii: boolean;
  readonly screenReader: boolean;
}

/** What is asked for on the command line wins over what the environment says. */
export function detectLook({ env, noColor, ascii, screenReader }: Given): Look {
  const terminal = env['TERM'] ?? '';
  const locale = env['LC_ALL'] || env['LC_CTYPE'] || env['LANG'] || '';
  const forced = env['FORCE_COLOR'] !== undefined && env['FORCE_COLOR'] !== '0';
  const declined =
    (env['NO_COLOR'] ?? '') !== '' || env['FORCE_COLOR'] === '0' || terminal === 'dumb';
  const isPlain = terminal === 'dumb' || terminal === 'linux';
  return {
    color: !noColor && (forced || !declined),
    ascii: ascii || isPlain || (locale !== '' && !/utf-?8/i.test(locale)),
    screenReader: screenReader || env['INK_SCREEN_READER'] === 'true',
  };
}

/** Signs of the screens and what stands for them in ASCII, one column each. */
const asciiSigns: Readonly<Record<string, string>> = {
  '⊕': '+',
  '⊖': '-',
  '⊙': '~',
  '↑': '^',
  '⊗': 'x',
  '⊘': '!',
  '─': '-',
  '│': '|',
  '█': '#',
  '░': '-',
  '…': '~',
  '•': '*',
  '└': '`',
  '→': '>',
  '’': "'",
};
const anySign = new RegExp(`[${Object.keys(asciiSigns).join('')}]`, 'g');

export function inAscii(runs: Line): Line {
  const [first, ...rest] = runs.map((run) => ({
    ...run,
    text: run.text.replace(anySign, (sign) => asciiSigns[sign] ?? '?'),
  }));
  return [first ?? { text: '' }, ...rest];
}

/** A frame as sentences: no rules, no bars, no padding; the selected line says so. */
export function spoken(lines: readonly Line[]): readonly Line[] {
  return lines.flatMap((runs): Line[] => {
    const text = runs
      .map((run) => run.text)
      .join('')
      .replace(/[─│█░└]+/g, ' ')
      .replace(/\s+/g, ' ')
      .trim();
    if (text === '') return [];
    const isSelected = runs.some((run) => run.tone === 'selected' || run.tone === 'selectedMatch');
    return [[{ text: isSelected ? `selected: ${text.replace(/^> /, '')}` : text }]];
  });
}
