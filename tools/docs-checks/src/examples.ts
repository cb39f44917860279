import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { givenTo } from './given-to.ts';

export const root: string = fileURLToPath(new URL('../../..', import.meta.url));

/** A piece of TypeScript in a document. */
export interface Example {
  /** Document and number, such as `packages/store/README.md 2`. */
  readonly name: string;
  /** The example with what is given to it. */
  readonly code: string;
  /** Why it is compiled and not run; null: it is run. */
  readonly notRun: string | null;
}

/** All documents of the repository that people wrote. Reports of API Extractor are no examples of anything. */
export function documents(): readonly string[] {
  const found = [
    '*.md',
    'docs/**/*.md',
    'packages/*/README.md',
    'apps/*/README.md',
    'examples/*.md',
    'bench/*.md',
  ];
  const exclude = ['docs/api/reports/**'];
  return found.flatMap((pattern) => globSync(pattern, { cwd: root, exclude })).sort();
}

export function readDocument(name: string): string {
  return readFileSync(join(root, name), 'utf8');
}

const fence = /(?:^<!-- (given|compiled only): (.*?) -->\n\n)?^```ts\n([\s\S]*?)^```/gm;

/** Examples of a document, in order. */
export function examplesOf(name: string): readonly Example[] {
  return [...readDocument(name).matchAll(fence)].map(([, kind, words = '', code = ''], i) => {
    const given = kind === 'given' ? givenTo(words.split(', ')) : '';
    return {
      name: `${name} ${i + 1}`,
      code: given + code,
      notRun: kind === 'compiled only' ? words : null,
    };
  });
}

/** Arguments of each `npm start` of a document. */
export function startCommands(name: string): readonly (readonly string[])[] {
  return [...readDocument(name).matchAll(/npm start(?: --silent)? -- ([^\n`#|>]+)/g)].map((one) =>
    (one[1] ?? '').trim().split(/\s+/),
  );
}
