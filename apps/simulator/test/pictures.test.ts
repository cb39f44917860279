import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { commandMatrix, customTableCommands } from '@outpost/model';
import { expect, test } from 'vitest';
import { plainReporter, type RunEvent } from '../src/output/events.ts';
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
  async (scenario) => {
    const folder = temporaryFolder();
    // It has none, so that its rows need not be so many.
    const rows = scenario === 'first-sync' ? ['--rows', '200'] : [];
    const { code, stdout } = await outpost('run', scenario, '--json', '--frames', folder, ...rows);
    expect(code, stdout).toBe(0);
    comparePictures(folder);
  },
);

test('field-day carries out every command of the matrix, and its transcript is the walkthrough', async () => {
  const folder = temporaryFolder();
  const { code, stdout } = await outpost('run', 'field-day', '--json', '--frames', folder);
  expect(code, stdout).toBe(0);
  comparePictures(folder);
  const events = jsonLines(stdout) as unknown as readonly RunEvent[];
  const all = new Set([...Object.values(commandMatrix).flat(), ...customTableCommands]);
  expect(events.at(-1)).toMatchObject({
    type: 'end',
    ok: true,
    converged: true,
    conflicts: 1,
    syncErrors: 0,
    commands: [...all].sort(),
  });
  const file = join(docs, 'field-day.md');
  const document = walkthrough(transcriptOf(events));
  if (isUpdate) {
    mkdirSync(docs, { recursive: true });
    writeFileSync(file, document);
  }
  expect(document).toBe(readFileSync(file, 'utf8'));
});

/** What the same run prints as text. */
function transcriptOf(events: readonly RunEvent[]): string {
  let transcript = '';
  const report = plainReporter((line) => {
    transcript += line;
  });
  for (const event of events) report(event);
  return transcript;
}

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
