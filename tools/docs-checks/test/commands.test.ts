import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArguments } from '@outpost/simulator/arguments';
import { expect, test } from 'vitest';
import { documents, readDocument, root, startCommands } from '../src/examples.ts';

test.each(documents())('%s: every npm start is one that the program understands', (name) => {
  for (const words of startCommands(name))
    expect(() => parseArguments(words), words.join(' ')).not.toThrow();
});

test.each(documents())('%s: links and pictures lead to files that exist', (name) => {
  const links = [...readDocument(name).matchAll(/\]\(([^)#:\s]+)(?:#[^)]*)?\)/g)].map(
    (one) => one[1] ?? '',
  );
  const missing = links.filter((link) => !existsSync(join(root, dirname(name), link)));
  expect(missing).toEqual([]);
});
