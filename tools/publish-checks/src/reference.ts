import ts from 'typescript-api';
import type { EntryPoint } from './entry-points.ts';
import { exportsOf } from './exports-of.ts';
import type { Extracted } from './extract.ts';

/** Declarations of a package with their comments as a document: every entry point, every name. */
export function referenceOf(name: string, { entries, program }: Extracted): string {
  const own = entries.filter((entry) => entry.package === name);
  const parts = [`# ${own[0]?.name}`, ...own.flatMap((entry) => partsOf(entry, program))];
  return `${parts.join('\n\n')}\n`;
}

function partsOf(entry: EntryPoint, program: ts.Program): readonly string[] {
  return [
    `## ${entry.name}`,
    aboutOf(entry, program),
    ...exportsOf(entry, program).flatMap((symbol) => [
      `### ${symbol.name}`,
      `\`\`\`typescript\n${declarationOf(symbol, program.getTypeChecker())}\n\`\`\``,
    ]),
  ];
}

/** The words of an entry point's comment, without its example, which stands in the README. */
function aboutOf(entry: EntryPoint, program: ts.Program): string {
  const [statement] = program.getSourceFile(entry.declarations)?.statements ?? [];
  const comment = statement && ts.getJSDocCommentsAndTags(statement)[0];
  const [words = ''] = ts.getTextOfJSDocComment(comment?.comment)?.split('```') ?? [];
  if (words === '') throw new Error(`${entry.name} does not say what it is for.`);
  return words.replaceAll('\n', ' ').trim();
}

/** The text of a declaration with its comment, followed through re-exports. */
function declarationOf(exported: ts.Symbol, checker: ts.TypeChecker): string {
  let symbol: ts.Symbol | undefined = exported;
  while (symbol !== undefined && (symbol.flags & ts.SymbolFlags.Alias) !== 0) {
    const [specifier] = symbol.declarations ?? [];
    const from = specifier && ts.isExportSpecifier(specifier) && sourceOf(specifier);
    if (from && !from.startsWith('.')) return `export { ${symbol.name} } from '${from}';`;
    symbol = checker.getImmediateAliasedSymbol(symbol);
  }
  const statements = new Set(symbol?.declarations?.map(statementOf));
  if (statements.size === 0) throw new Error(`${exported.name} is not declared anywhere.`);
  return [...statements].map(textOf).join('\n');
}

function sourceOf(specifier: ts.ExportSpecifier): string {
  const from = specifier.parent.parent.moduleSpecifier;
  return from !== undefined && ts.isStringLiteral(from) ? from.text : '';
}

function statementOf(declaration: ts.Declaration): ts.Node {
  return ts.isVariableDeclaration(declaration) ? declaration.parent.parent : declaration;
}

function textOf(statement: ts.Node): string {
  const comment = ts.getJSDocCommentsAndTags(statement).findLast(ts.isJSDoc);
  const file = statement.getSourceFile();
  return file.text.slice(comment?.pos ?? statement.getStart(file), statement.end);
}
