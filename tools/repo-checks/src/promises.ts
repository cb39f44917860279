/**
 * Promises have labels, such as `C19`, `H-12` or `B01a`. Each is defined once, by a row of a table in a document, and named
 * by the tests that keep it: a title or a comment begins with `C19:` or `C13, C15:`; `B01 to B21` are all of them.
 */
const label = /[A-Z]{1,2}(?:\d{2}|-\d{1,2})[a-z]?/.source;
const range = `${label}(?: to ${label})?`;
const list = `${range}(?:, ${range})*`;

/** Labels of a list as tests and documents write it, in its order. */
export function labelsOf(text: string): readonly string[] {
  return text.split(', ').flatMap((one) => {
    const [first = '', last] = one.split(' to ');
    if (last === undefined) return [first];
    const [begin, end] = [numbered(first), numbered(last)];
    const count = end.number - begin.number + 1;
    if (begin.letters !== end.letters || !(count > 1))
      throw new RangeError(`"${one}" is no range.`);
    return Array.from({ length: count }, (_, i) => {
      const digits = String(begin.number + i);
      return `${begin.letters}${begin.letters.endsWith('-') ? digits : digits.padStart(2, '0')}`;
    });
  });
}

function numbered(one: string): { readonly letters: string; readonly number: number } {
  const [, letters = '', digits = ''] = /^([A-Z]+-?)(\d+)$/.exec(one) ?? [];
  return { letters, number: Number(digits) };
}

/** A promise as a document defines it. */
export interface Definition {
  /** As the first cell says, such as `B01 to B21`. */
  readonly labels: string;
  readonly promise: string;
  /** The third cell where there is one: tests, or why there is none yet. */
  readonly tests: string | null;
}

/** Rows of tables that begin with labels. */
export function definitionsIn(markdown: string): readonly Definition[] {
  return [...markdown.matchAll(new RegExp(`^\\| (${list}) +\\|(.*)\\|$`, 'gm'))].map(
    ([, labels = '', cells = '']) => {
      const [promise = '', tests] = cells.split(/(?<!\\)\|/).map((cell) => cell.trim());
      return { labels, promise, tests: tests ?? null };
    },
  );
}

/** First cells, below a heading `label`, that are no labels: nothing would ask for their tests. */
export function mislabelled(markdown: string): readonly string[] {
  const tables = markdown.matchAll(/^\| label +\|.*\n\|[-:| ]+\n((?:\|.*\n)*)/gm);
  const isLabels = new RegExp(`^${list}$`);
  return [...tables]
    .flatMap(([, rows = '']) => rows.split('\n').filter((row) => row !== ''))
    .map((row) => row.split('|')[1]?.trim() ?? '')
    .filter((cell) => !isLabels.test(cell));
}

/** Labels that begin a text or a comment of a program. */
export function labelsInCode(text: string): readonly string[] {
  const found = text.matchAll(
    new RegExp(`(?:['"\`]|//\\s*|/\\*\\*?\\s*|^\\s*\\*\\s*)(${list}): `, 'gm'),
  );
  return [...found].flatMap(([, labels = '']) => labelsOf(labels));
}

/** Labels that begin an item of a list in a document. */
export function labelsInLists(markdown: string): readonly string[] {
  const found = markdown.matchAll(new RegExp(`^- (${list}): `, 'gm'));
  return [...found].flatMap(([, labels = '']) => labelsOf(labels));
}

/** Labels of invariants that a check of the simulation throws. */
export function labelsThrown(text: string): readonly string[] {
  const found = text.matchAll(
    new RegExp(`(?:ViolationFound\\(|invariant(?::| =) )'(${label})'`, 'g'),
  );
  return [...found].map(([, one = '']) => one);
}

/** Texts by path. */
export type Files = ReadonlyMap<string, string>;

export interface Sources {
  /** Documents that define promises. */
  readonly definitions: Files;
  /** Tests, and checks that tests run. */
  readonly tests: Files;
  /** Documents that speak of promises. */
  readonly mentions: Files;
}

const openMark = 'no test yet: ';

/** Which files name which label. */
export function testsByLabel(tests: Files): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, Set<string>>();
  for (const [file, text] of tests) {
    for (const one of [...labelsInCode(text), ...labelsThrown(text)]) {
      found.set(one, (found.get(one) ?? new Set()).add(file));
    }
  }
  return new Map([...found].map(([one, files]) => [one, [...files].sort()]));
}

/** What is wrong with labels and promises. */
export function findings({ definitions, tests, mentions }: Sources): readonly string[] {
  const defined = new Map<string, string>();
  const wrong: string[] = [];
  const known = testsByLabel(tests);
  for (const [document, text] of definitions) {
    for (const cell of mislabelled(text)) wrong.push(`${document}: "${cell}" is no label`);
    for (const { labels, promise, tests: told } of definitionsIn(text)) {
      if (promise === '') wrong.push(`${document}: ${labels} promises nothing`);
      const isOpen = told?.startsWith(openMark) === true;
      for (const one of labelsOf(labels)) {
        const other = defined.get(one);
        if (other !== undefined) wrong.push(`${document}: ${one} is defined in ${other} too`);
        defined.set(one, document);
        const isTested = known.has(one);
        if (isTested && isOpen)
          wrong.push(`${document}: ${one} has a test, and says that it has none`);
        if (!isTested && !isOpen) wrong.push(`${document}: ${one} has no test`);
      }
    }
  }
  for (const [one, files] of known) {
    if (!defined.has(one)) wrong.push(`${files.join(', ')}: ${one} is not defined`);
  }
  for (const [document, text] of mentions) {
    for (const one of labelsInLists(text)) {
      if (!defined.has(one)) wrong.push(`${document}: ${one} is not defined`);
    }
  }
  return wrong;
}

/** The document with its tests as they are. */
export function withTests(document: string, tests: Files): string {
  const known = testsByLabel(tests);
  return document.replaceAll(
    new RegExp(`^(\\| (${list}) +\\|.*\\|)([^|]*)\\|$`, 'gm'),
    (line: string, before: string, labels: string, told: string) => {
      if (told.trim().startsWith(openMark)) return line;
      const files = new Set(labelsOf(labels).flatMap((one) => known.get(one) ?? []));
      return `${before} ${[...files].sort().map(linkTo).join(', ')} |`;
    },
  );
}

/** E.g. `[device/line](../packages/device/test/line.test.ts)`. */
function linkTo(file: string): string {
  const [, workspace = '', name = ''] =
    /^(?:packages|apps|tools)\/([^/]+)\/(?:test|src)\/(?:.*\/)?([^/]+?)(?:\.test)?\.tsx?$/.exec(
      file,
    ) ?? [];
  return `[${workspace}/${name}](../${file})`;
}
