/**
 * FetchXML on the device and in the organization: text to tree to SQL, saved views, quick find, results kept current.
 *
 * ```ts
 * const result = engine.run({ fetchXml: '<fetch><entity name="account"><attribute name="name"/></entity></fetch>' });
 * ```
 *
 * @packageDocumentation
 */

export {
  type CaseEnvironment,
  type CaseExpectation,
  type CaseRow,
  type CaseTable,
  type ConformanceCase,
  type ConformanceFile,
  parseConformanceFile,
} from './conformance/conformance-file.ts';
export { type OpenCase, openCase } from './conformance/open-case.ts';
export {
  type CaseDatabase,
  type CaseOutcome,
  runCase,
} from './conformance/run-case.ts';
export type { Explanation } from './engine/explain.ts';
export { type NameSource, readCurrentNames } from './engine/lookup-names.ts';
export { PreparedQuery, type RankedRow } from './engine/prepared-query.ts';
export {
  createQueryEngine,
  type QueryEngine,
  type QueryEngineOptions,
  type QueryResult,
  type QuerySource,
  type Window,
} from './engine/query-engine.ts';
export {
  countRows,
  type QueryPage,
  type ReadAll,
  type ReadAllLater,
  readPlan,
  runPlan,
} from './engine/run-plan.ts';
export {
  type AggregateFunction,
  type ConditionNode,
  type DateGrouping,
  type EntityNode,
  type FetchQuery,
  type FilterItem,
  type FilterNode,
  type LinkNode,
  type LinkType,
  linkTypes,
  nodesOf,
  type OrderItem,
  ownConditions,
  type SelectItem,
} from './fetch-xml/ast.ts';
export { parseFetch, queryLimits } from './fetch-xml/parse.ts';
export { type LiveExplanation, type LiveOptions, LiveView, snapshotOf } from './live/live-view.ts';
export type { ViewCounters } from './live/view-node.ts';
export { applyPatch, type PatchOp, type ViewSnapshot } from './live/view-snapshot.ts';
export {
  escapePattern,
  type LikePattern,
  type PatternToken,
  parsePattern,
  patternTest,
  toGlob,
} from './operators/like-pattern.ts';
export { type ColumnKind, kindOf } from './operators/operands.ts';
export {
  type Arity,
  type Operator,
  type OperatorInput,
  operators,
} from './operators/operator-table.ts';
export type { Condition, DateCalendar, Hierarchy, Sign } from './plan/condition.ts';
export type { IndexAdvice } from './plan/index-advice.ts';
export type { ResolveOptions } from './plan/resolve.ts';
export type {
  Join,
  Order,
  Output,
  OutputOrder,
  ResolvedQuery,
  TimeDependency,
} from './plan/resolved-query.ts';
export type { Source, Term } from './plan/term.ts';
export {
  type Comparator,
  comparatorOf,
  type Predicate,
  predicateOf,
  type RowReader,
} from './predicate/evaluate.ts';
export type { FiscalSettings, QueryContext } from './query-context.ts';
export { type Position, QueryError, type QueryErrorCode } from './query-error.ts';
export {
  type AmongRows,
  type CompileOptions,
  compileQuery,
  type DecodedRow,
  type OutputColumn,
  type QueryPlan,
  type QueryRow,
} from './sql/compile.ts';
export { type Dialect, postgresql, sqlite } from './sql/dialect.ts';
export type { EmitOptions } from './sql/emit-condition.ts';
export { beginsWith } from './sql/prefix-range.ts';
export { type SqlFunctionDefinition, sqlFunctions } from './sql/sql-functions.ts';
export { concat, join, name, type Sql, sql } from './sql/sql-text.ts';
export { type DateRange, dateRanges, type RangeOf } from './time/date-ranges.ts';
export {
  type AvailabilityOptions,
  availability,
  queryTables,
  type UnavailableReason,
} from './views/availability.ts';
export { foldedSlots } from './views/folded-slots.ts';
export { type CurrencyOf, type FormatRowOptions, formatRow } from './views/format-row.ts';
export { checkProfileFilter, queryOperators } from './views/profile-filter.ts';
export { type QuickFind, quickFindNumber, quickFindQuery } from './views/quick-find.ts';
export { associatedQuery, lookupQuery, withFilter } from './views/related-query.ts';
export { readView, type SavedView, type ViewColumn } from './views/saved-view.ts';
export { columnOf, findCollection, findManyToOne } from './web-api/odata-filter.ts';
export {
  type ODataExpand,
  type ODataOptions,
  type ODataQuery,
  parseODataQuery,
} from './web-api/odata-query.ts';
export {
  annotateCookie,
  type CookieRow,
  type PagingCookie,
  parseCookie,
  writeCookie,
} from './web-api/paging-cookie.ts';
export { type WebApiRowOptions, webApiRow } from './web-api/web-api-row.ts';
