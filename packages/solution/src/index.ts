/**
 * Real Dataverse solutions and data packages: zip bytes to an app model and typed rows, with a diagnostic for everything
 * that is not understood.
 *
 * ```ts
 * const { model, diagnostics } = readSolution(await readFile('app.zip'));
 * ```
 *
 * @packageDocumentation
 */
export type { AppModule } from './read-app-modules.ts';
export type { Choice } from './read-choices.ts';
export type { ConnectionRole } from './read-connection-roles.ts';
export type { Currency } from './read-currencies.ts';
export { type DataPackage, type PackageRow, readDataPackage } from './read-data-package.ts';
export {
  type ReadSolutionOptions,
  readSolution,
  type Solution,
  type SolutionCounts,
} from './read-solution.ts';
export { SolutionError, type SolutionErrorCode } from './solution-error.ts';
