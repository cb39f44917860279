import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Each imports from the one before, so an example that needs no device does not wait for one. */
const files = ['app', 'organization', 'device'].map((file) => {
  const path = fileURLToPath(new URL(`given/${file}.ts`, import.meta.url));
  const declared = readFileSync(path, 'utf8').matchAll(/^export const (?:(\w+)|\{ (.+) \})/gm);
  return { file, names: [...declared].flatMap(([, one, some = '']) => one ?? some.split(', ')) };
});

/**
 * Import statements for what is given to an example, such as an organization to talk to. A comment `given: a, b` before an
 * example names what it uses of `src/given`. Throws for a name that nothing there has.
 */
export function givenTo(names: readonly string[]): string {
  const unknown = names.filter((name) => !files.some((one) => one.names.includes(name)));
  if (unknown.length > 0) throw new Error(`src/given exports no ${unknown.join(', ')}.`);
  return files
    .map((one) => ({ file: one.file, used: names.filter((name) => one.names.includes(name)) }))
    .filter(({ used }) => used.length > 0)
    .map(({ file, used }) => `import { ${used.join(', ')} } from '../src/given/${file}.ts';\n`)
    .join('');
}
