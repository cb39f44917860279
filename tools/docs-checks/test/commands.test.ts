import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArguments } from '@outpost/simulator/arguments';
import { expect, test } from 'vitest';
import { documents, readDocument, root, startCommands } from '../src/examples.ts';

const commands = documents().flatMap((name) =>
  startCommands(name).map((words) => [name, words.join(' '), words] as const),
);

test.each(commands)('%s: npm start -- %s is what the program understands', (_, _text, words) => {
  expect(() => parseArguments(words)).not.toThrow();
});

test.each(documents())('%s: links and pictures lead to files that exist', (name) => {
  const links = [...readDocument(name).matchAll(/\]\(([^)#:\s]+)(?:#[^)]*)?\)/g)].map(
    (one) => one[1] ?? '',
  );
  const missing = links.filter((link) => !existsSync(join(root, dirname(name), link)));
  expect(missing).toEqual([]);
});
