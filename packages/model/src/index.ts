/**
 * A business app described as data: tables and columns, relationships, views, forms, rules, flows, roles, the offline
 * profile, and what each of them means. No I/O, no dependencies.
 *
 * ```ts
 * const visit = defineTable({ name: 'new_visit', label: 'Visit', primaryName: 'new_name', ownership: 'user',
 *   columns: { new_name: { type: 'string', maxLength: 100 } } });
 * ```
 *
 * @packageDocumentation
 */
export { type AppModel, indexModel, type ModelIndex } from './app-model.ts';
export type {
  BusinessRule,
  Condition,
  Formula,
  Operand,
  RuleAction,
  RuleBranch,
  RuleOperator,
} from './business-rule.ts';
export {
  type ClosedRow,
  type ClosedRowRule,
  closedRow,
  closedRowRule,
  stateColumns,
} from './capability/closed-rows.ts';
export {
  type Command,
  commandMatrix,
  customTableCommands,
  formCommands,
  offlineCommands,
} from './capability/command-matrix.ts';
export {
  capabilitiesDocument,
  describeCapabilities,
  lookupUnavailable,
  offersAddExisting,
  type TableCapabilities,
} from './capability/describe-capabilities.ts';
export {
  offlineFlowCommands,
  offlineLimits,
  type Platform,
  tablesWithoutOfflineViews,
  type WebResourceUse,
  webResourceAvailable,
  webResourcePlatforms,
} from './capability/offline-limits.ts';
export { rowCommands } from './capability/row-commands.ts';
export { activityPointer, pointerValues, twinTables } from './cascade/activity-twin.ts';
export {
  answerLater,
  answerNow,
  type CascadeAnswer,
  type CascadePlan,
  type CascadePlanning,
  type CascadeQuestion,
  type CascadeRow,
  type CascadeStep,
  maxCascadeRows,
  planAssign,
  planDelete,
  restrictedMessage,
  tooManyMessage,
} from './cascade/plan-cascade.ts';
export { currentCells, currentSlots, currentValues } from './change/current-names.ts';
export { checkRenames, formerNames, keepFormerNames } from './change/former-names.ts';
export { keepsValues } from './change/type-change.ts';
export {
  type ChoiceOption,
  type Column,
  type ColumnType,
  isChoice,
  isLookup,
  isPolymorphic,
  isText,
  numberRanges,
  precisionOf,
  type RequirementLevel,
} from './column.ts';
export { activate } from './command/activate.ts';
export { convertToCase, convertToOpportunity, markComplete } from './command/activity-commands.ts';
export type { CommandInput, CommandPlan, RowIntent } from './command/command-plan.ts';
export { disqualifyLead, type QualifyOptions, qualifyLead } from './command/lead-commands.ts';
export {
  addNote,
  attachFile,
  maxAttachmentBytes,
  type NewNote,
  type NoteAttachment,
  removeAttachment,
} from './command/note-commands.ts';
export { type DataverseErrorName, dataverseErrors } from './dataverse-error.ts';
export { type AppDefinition, defineApp } from './define-app.ts';
export {
  type ColumnDefinition,
  defineColumn,
  defineTable,
  type TableDefinition,
} from './define-table.ts';
export type { Diagnostic, Result } from './diagnostic.ts';
export {
  type Form,
  type FormControl,
  type FormSection,
  type FormTab,
  formColumns,
} from './form.ts';
export { isGuid, parseGuid } from './guid.ts';
export { isLogicalName } from './logical-name.ts';
export { type Clock, type IdGenerator, type Random, type System, steadyNow } from './ports.ts';
export type { ProcessFlow, ProcessStage, ProcessStep, StageBranch } from './process-flow.ts';
export {
  type GeneratedProfile,
  type GenerateProfileOptions,
  generateProfile,
} from './profile/generate-profile.ts';
export { daysChange, type LintOptions, lintProfile } from './profile/lint-profile.ts';
export {
  defaultDays,
  mandatoryColumns,
  newProfileItem,
  type OfflineProfile,
  type OfflineProfileItem,
} from './profile/offline-profile.ts';
export { type ProfileLimits, profileLimits } from './profile/profile-limits.ts';
export {
  type MeterReading,
  type ProfileUse,
  profileMeter,
  recommendedUse,
} from './profile/profile-meter.ts';
export {
  type PlannedTable,
  type ProfileEdge,
  type ProfileFinding,
  type ProfileOptions,
  type ProfilePlan,
  planProfile,
} from './profile/profile-plan.ts';
export { type LayoutColumn, queryTypes, type SavedQuery } from './saved-query.ts';
export {
  type AccessDecision,
  type AccessRight,
  type AccessScope,
  accessScope,
  can,
  type RowOwnership,
  type Share,
} from './security/access.ts';
export {
  type ColumnPermission,
  type ColumnRight,
  type ColumnRights,
  columnRights,
  type FieldSecurityProfile,
  mayUseColumn,
  mergeColumnRights,
} from './security/column-security.ts';
export type { Directory, DirectoryTeam, DirectoryUser } from './security/directory.ts';
export {
  type HierarchyReach,
  type HierarchySettings,
  hierarchyOff,
  hierarchyReach,
} from './security/hierarchy.ts';
export {
  accessRightBits,
  accessRightsMask,
  type Depth,
  depthNames,
  mergePrivileges,
  type Privilege,
  privileges,
  type Role,
  type TablePrivileges,
} from './security/role.ts';
export {
  buildSecurityContext,
  type ContextInput,
  contextFromDepths,
  type Reach,
  type SecurityContext,
} from './security/security-context.ts';
export { columnRightsOf } from './security/twin-columns.ts';
export {
  type SiteMap,
  type SiteMapArea,
  type SiteMapGroup,
  type SiteMapSubArea,
  siteMapTables,
} from './site-map.ts';
export {
  type Cell,
  type Cells,
  cellsToValue,
  cellsToValues,
  columnSlots,
  fitsSlot,
  type Slot,
  tableSlots,
  valuesToCells,
  valueToCells,
  versionColumn,
} from './storage/slots.ts';
export { syncErrorTable, systemTables, withSystemTables } from './system-tables.ts';
export {
  type AlternateKey,
  type Cascade,
  type CascadeKind,
  isParental,
  type ManyToMany,
  type ManyToOne,
  type Ownership,
  parentalCascade,
  type Relationship,
  type Table,
} from './table.ts';
export { compareCodePoints, fold } from './text-fold.ts';
export { type ColumnNameOf, type RowOf, rowOf, type TableOf, type ValueOf } from './typed-row.ts';
export {
  type AutoNumberPart,
  autoNumber,
  autoNumberSeed,
  parseAutoNumber,
  sequenceIn,
} from './value/auto-number.ts';
export { base64ToBytes, bytesToBase64 } from './value/base64.ts';
export {
  type ColumnValue,
  equalValues,
  isLookupValue,
  isPartyList,
  type LookupValue,
  type RowValues,
} from './value/column-value.ts';
export { compareValues } from './value/compare-values.ts';
export { composedValues } from './value/compose.ts';
export {
  type DocumentReference,
  documentReferenceText,
  isDocumentColumn,
  parseDocumentReference,
} from './value/document.ts';
export { type FormatOptions, formatValue } from './value/format-value.ts';
export { isMadeByPlatform } from './value/made-by-platform.ts';
export { dateTimeText, defaultValues } from './value/new-row.ts';
export {
  type InvalidValue,
  type ParsedValue,
  type ParseOptions,
  parseValue,
} from './value/parse-value.ts';
export { defaultStatus, fitStatus } from './value/status.ts';
