import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { folderOf, manifestOf } from './packages.ts';

/** An exported name and what it is called where it is declared. */
interface Exported {
  readonly name: string;
  readonly source: string;
  readonly from: string;
}

/** The public declarations of a built package as a document: every entry point, every name, with its comment. */
export function apiOf(name: string): string {
  const { name: packageName, publishConfig } = manifestOf(name);
  const parts = [`# ${packageName}`];
  for (const [entry, { types }] of Object.entries(publishConfig.exports)) {
    const file = join(folderOf(name), types);
    const text = readFileSync(file, 'utf8');
    parts.push(`## ${entry === '.' ? packageName : `${packageName}${entry.slice(1)}`}`);
    const about = /^\/\*\*([\s\S]*?)\*\//.exec(text)?.[1];
    if (about !== undefined) parts.push(introOf(about));
    const exported = [...exportsOf(text)].sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const one of exported) {
      const declared = declarationOf(file, one);
      parts.push(`### ${one.name}`, `\`\`\`typescript\n${declared}\n\`\`\``);
    }
  }
  return `${parts.join('\n\n')}\n`;
}

/** The words of an entry's comment, without its example, which stands in the README. */
function introOf(comment: string): string {
  const lines = comment.split('\n').map((line) => line.replace(/^\s*\*? ?/, ''));
  const end = lines.findIndex((line) => line.startsWith('```'));
  return (end < 0 ? lines : lines.slice(0, end)).join(' ').trim();
}

/** Names of `export { a, type B, c as d } from './x.js'`. */
function* exportsOf(text: string): Generator<Exported> {
  for (const [, names = '', from = ''] of text.matchAll(
    /export (?:type )?\{([^}]*)\} from ['"]([^'"]+)['"]/g,
  )) {
    for (const one of names.split(',')) {
      const words = one.replace(/\btype /, '').trim();
      if (words === '') continue;
      const [source = '', name = source] = words.split(/ as /);
      yield { name, source, from };
    }
  }
}

/** The text of a declaration with its comment, followed through re-exports. */
function declarationOf(file: string, { source, from }: Exported): string {
  if (!from.startsWith('.')) return `export { ${source} } from '${from}';`;
  const target = join(dirname(file), from.replace(/\.(?:js|ts)$/, '.d.ts'));
  if (!existsSync(target)) throw new Error(`${file} exports from ${from}, which is not built.`);
  const text = readFileSync(target, 'utf8');
  const start = new RegExp(
    `(?:/\\*\\*(?:(?!\\*/)[\\s\\S])*\\*/\\n)?export (?:declare )?(?:abstract )?(?:class|interface|type|const|function|enum) ${source}\\b`,
  ).exec(text);
  if (start !== null) return blockFrom(text, start.index, start[0].length);
  for (const one of exportsOf(text)) if (one.name === source) return declarationOf(target, one);
  throw new Error(`${source} is not declared in ${target}.`);
}

/** From a declaration's start to its end: a `;` or a closing brace outside of all brackets, at the end of a line. */
function blockFrom(text: string, start: number, head: number): string {
  let depth = 0;
  for (let at = start + head; at < text.length; at++) {
    const char = text[at] ?? '';
    if (char === "'" || char === '"' || char === '`') at = text.indexOf(char, at + 1);
    else if (text.startsWith('/*', at)) at = text.indexOf('*/', at) + 1;
    else if ('{(['.includes(char)) depth += 1;
    else if ('})]'.includes(char)) depth -= 1;
    const ends = char === ';' || (char === '}' && text[at + 1] === '\n');
    if (depth === 0 && ends) return text.slice(start, at + 1);
  }
  throw new Error('A declaration has no end.');
}
