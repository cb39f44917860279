/**
 * A whole world in one process: an organization, devices, other users, a network that fails, disks that lose power, one
 * clock. The same seed gives the same run; what must hold is checked after every event; a failure is made small and
 * kept as a file.
 *
 * ```ts
 * const { failure } = await fuzz(fieldWorld(), { seeds: 1000 });
 * if (failure !== null) console.log(failure.smallReport.violation);
 * ```
 *
 * @packageDocumentation
 */
export { type Violation, ViolationFound } from './check/violation.ts';
export { type FuzzOptions, type FuzzResult, fuzz } from './fuzz.ts';
export { type GeneratedRun, type GenerateOptions, generateRun } from './generate/generate-run.ts';
export { type ShrinkOptions, type Shrunk, shrink } from './generate/shrink.ts';
export { ReplayError, type ReplayFile, readReplay, writeReplay } from './replay/replay-file.ts';
export type {
  Decision,
  DecisionKind,
  DeviceAction,
  ForeignAction,
  Fraction,
  ServerAction,
} from './world/decision.ts';
export type { DevicePeople } from './world/device-people.ts';
export type { ForeignPage } from './world/foreign-pages.ts';
export type { FormBook, KnownForm, OpenForm, TypedField } from './world/form-book.ts';
export { badNetwork, goodNetwork, type NetworkFaults } from './world/network.ts';
export {
  type RunOptions,
  runWorld,
  type WorldReport,
  type WorldView,
} from './world/run-world.ts';
export type { Sabotage } from './world/sabotage.ts';
export { fieldWorld, reduced, sampleWorld } from './world/sample-world.ts';
export type { SimDevice } from './world/sim-device.ts';
export type { SimServer } from './world/sim-server.ts';
export type { Overwritten, WatchedStore } from './world/watched-store.ts';
export {
  type FaultKind,
  faultKinds,
  type WorldApp,
  type WorldRow,
  type WorldSpec,
} from './world/world-spec.ts';
