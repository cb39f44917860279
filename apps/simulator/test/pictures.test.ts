import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { commandMatrix, customTableCommands } from '@outpost/model';
import { expect, test } from 'vitest';
import { shipped } from '../src/scenario/scenario.ts';
import { jsonLines, outpost, temporaryFolder } from './program.ts';

const docs = fileURLToPath(new URL('../../../docs/', import.meta.url));
/** `OUTPOST_UPDATE=1` writes the pictures and the walkthrough anew. */
const isUpdate = process.env['OUTPOST_UPDATE'] === '1';

function comparePictures(folder: string): void {
  if (isUpdate) cpSync(folder, join(docs, 'media'), { recursive: true });
  for (const name of readdirSync(folder)) {
    const kept = readFileSync(join(docs, 'media', name), 'utf8');
    expect(readFileSync(join(folder, name), 'utf8') === kept, `docs/media/${name} is current`).toBe(
      true,
    );
  }
}

test.each(shipped.filter((one) => one !== 'field-day'))(
  '%s holds, with the pictures of the documentation',
  (scenario) => {
    const folder = temporaryFolder();
    const { code, stdout } = outpost('run', scenario, '--json', '--frames', folder);
    expect(code, stdout).toBe(0);
    comparePictures(folder);
  },
);

test('field-day carries out every command of the matrix, and its transcript is the walkthrough', () => {
  const folder = temporaryFolder();
  const { code, stdout } = outpost('run', 'field-day', '--plain', '--frames', folder);
  expect(code, stdout).toBe(0);
  comparePictures(folder);
  const file = join(docs, 'field-day.md');
  const text = walkthrough(stdout);
  if (isUpdate) {
    mkdirSync(docs, { recursive: true });
    writeFileSync(file, text);
  }
  expect(text).toBe(readFileSync(file, 'utf8'));
  const json = outpost('run', 'field-day', '--json').stdout;
  const end = jsonLines(json).at(-1);
  const all = new Set([...Object.values(commandMatrix).flat(), ...customTableCommands]);
  expect(end?.['commands']).toEqual([...all].sort());
  // U-3: twice the same, to the byte.
  expect(outpost('run', 'field-day', '--json').stdout === json).toBe(true);
});

/** The transcript as a document: what is told as text, what is done as blocks, with the pictures in their places. */
function walkthrough(transcript: string): string {
  const [title = '', ...lines] = transcript.trimEnd().split('\n');
  const parts: string[] = [
    '# A day in the field',
    '',
    `What \`npm start -- run field-day\` prints, with its pictures. ${title}`,
  ];
  let block: string[] = [];
  const flush = () => {
    if (block.length > 0) parts.push('', '```text', ...block, '```');
    block = [];
  };
  for (const line of lines) {
    const picture = /^ +picture: .*?([\w-]+)\.svg$/.exec(line)?.[1];
    if (picture !== undefined) {
      flush();
      parts.push('', `![${picture.replace(/-/g, ' ')}](media/${picture}.svg)`);
    } else if (line !== '' && !line.startsWith(' ')) {
      flush();
      parts.push('', line);
    } else if (line !== '' && !/^ +(?:frame|show) /.test(line)) block.push(line);
  }
  flush();
  return `${parts.join('\n')}\n`;
}
