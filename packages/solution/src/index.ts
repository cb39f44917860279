/**
 * Real Dataverse solutions and data packages: zip bytes to an app model and typed rows, with a diagnostic for everything
 * that is not understood.
 *
 * ```ts
 * const { model, diagnostics } = readSolution(await readFile('app.zip'));
 * ```
 */
export { type DataPackage, type PackageRow, readDataPackage } from './read-data-package.ts';
export { readSolution, type Solution, type SolutionCounts } from './read-solution.ts';
export { SolutionError, type SolutionErrorCode } from './solution-error.ts';
