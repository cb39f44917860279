/**
 * A business app on a device, composed from the packages below: live views, search, forms with rules, process flows,
 * edits that survive crashes, synchronization.
 *
 * ```ts
 * const device = await openDevice({ storage: fileStorage('./data', 'ana'), transport });
 * await device.sync.run('DELTA_SYNC');
 * device.create('account', { name: 'Alpine Ski House' });
 * ```
 *
 * @packageDocumentation
 */
export { Device, type DeviceOptions, openDevice } from './device.ts';
export { DeviceError, type DeviceErrorCode } from './device-error.ts';
export type { FieldState } from './form/field-state.ts';
export type { FlowState, OfferedFlow } from './form/flow-control.ts';
export type { FormDraft, TypingText } from './form/form-drafts.ts';
export { FormSession, type FormState } from './form/form-session.ts';
export type { Overtaken, RowSeen, Typed, Unfit } from './form/form-values.ts';
export type { LookupRows } from './form/lookup-rows.ts';
export type { ReadOnly } from './save/closed-row.ts';
export type { AffectedRows, Deletion } from './save/deletion.ts';
export type { TimelineNote } from './save/notes.ts';
export type { RefusalReason, SaveResult } from './save/save-row.ts';
export { databaseName } from './sign-in/database-name.ts';
export { platformSystem } from './system/system.ts';
