/**
 * What every `SqlDriver` and every `SyncFiles` must do, as cases without a test framework, and files that fail on
 * purpose. For writers of drivers and storage.
 *
 * ```ts
 * for (const { name, run } of driverContract) test(name, () => run({ open: () => openDatabase(location) }));
 * ```
 *
 * @packageDocumentation
 */

export type { ContractCase, ContractEnv } from './contract-case.ts';
export { driverContract } from './driver-contract.ts';
export { FaultFiles, type FaultPlan, type FileOperation } from './fault-files.ts';
export { type FilesCase, filesContract } from './files-contract.ts';
export { type LossStyle, lossStyles, powerLoss } from './power-loss.ts';
