import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { check } from 'recheck';
import ts from 'typescript-api';

/** Every regular expression of the sources, as it is written, with the files that hold it. */
export function regularExpressions(root: string): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const file of sourceFiles(root)) {
    const source = readFileSync(join(root, file), 'utf8');
    for (const text of literalsOf(file, source)) {
      const files = found.get(text) ?? [];
      if (!files.includes(file)) files.push(file);
      found.set(text, files);
    }
  }
  return found;
}

export function literalsOf(file: string, source: string): readonly string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isRegularExpressionLiteral(node)) found.push(node.text);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, source, ts.ScriptTarget.Latest, true));
  return found;
}

/** Null: its time grows with the text at most linearly. Else what was found, such as a text that it takes long for. */
export async function superlinear(literal: string): Promise<string | null> {
  const [, pattern = '', flags = ''] = /^\/(.*)\/([a-z]*)$/s.exec(literal) ?? [];
  // Automata prove it; attempts of a fuzzer are for what they do not know, such as lookaheads.
  const proof = await check(pattern, flags, { checker: 'automaton', timeout: 120_000 });
  const isUnknown = proof.status === 'unknown' && proof.error.kind === 'unsupported';
  const result = isUnknown ? await check(pattern, flags, { checker: 'fuzz' }) : proof;
  switch (result.status) {
    case 'safe':
      return null;
    case 'vulnerable':
      return `${result.complexity.summary}: ${result.attack.pattern}`;
    case 'unknown':
      return `not known: ${result.error.kind}`;
    default:
      return result satisfies never;
  }
}

function sourceFiles(root: string): readonly string[] {
  return ['packages', 'apps'].flatMap((group) =>
    readdirSync(join(root, group), { withFileTypes: true })
      .filter((one) => one.isDirectory())
      .flatMap(({ name }) => {
        const folder = join(root, group, name, 'src');
        return readdirSync(folder, { recursive: true, encoding: 'utf8' })
          .filter((file) => /\.tsx?$/.test(file))
          .map((file) => join(group, name, 'src', file));
      })
      .sort(),
  );
}
