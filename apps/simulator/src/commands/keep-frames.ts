import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Arguments, textOption } from '../arguments.ts';
import type { Reporter } from '../output/events.ts';
import { frameSvg } from '../output/svg.ts';
import type { RunOptions } from '../scenario/run-scenario.ts';
import type { Desk } from '../tui/desk.ts';
import { drawFrame } from '../tui/frame.ts';
import { userPath } from './user-path.ts';

/** Size of pictures in characters. */
const picture = { columns: 100, rows: 30 };

/** Writes pictures where `--frames` says. */
export function keepFrames(
  desk: Desk,
  values: Arguments['values'],
  report: Reporter,
): RunOptions['onFrame'] {
  const folder = textOption(values, 'frames');
  return (name) => {
    if (folder === null) return report({ type: 'frame', name, file: null });
    const { columns, rows } = picture;
    const look = { color: true, ascii: false, screenReader: false };
    const lines = drawFrame(desk, columns, rows, look);
    mkdirSync(userPath(folder), { recursive: true });
    const file = join(folder, `${name}.svg`);
    writeFileSync(userPath(file), frameSvg(lines, columns, name.replace(/-/g, ' ')));
    report({ type: 'frame', name, file });
  };
}
