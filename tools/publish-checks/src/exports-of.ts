import type ts from 'typescript-api';
import type { EntryPoint } from './entry-points.ts';

/** What an entry point exports, in the order of names. */
export function exportsOf(entry: EntryPoint, program: ts.Program): readonly ts.Symbol[] {
  const checker = program.getTypeChecker();
  const file = program.getSourceFile(entry.declarations);
  const module = file && checker.getSymbolAtLocation(file);
  if (module === undefined)
    throw new Error(`${entry.name}: ${entry.declarations} is missing or exports nothing.`);
  return checker.getExportsOfModule(module).sort((a, b) => (a.name < b.name ? -1 : 1));
}
