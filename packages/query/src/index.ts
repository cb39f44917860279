/**
 * FetchXML on the device and in the organization: text to tree to SQL, saved views, quick find, results kept current.
 *
 * ```ts
 * const result = engine.run({ fetchXml: '<fetch><entity name="account"><attribute name="name"/></entity></fetch>' });
 * ```
 */
export {
  createQueryEngine,
  type QueryEngine,
  type QueryEngineOptions,
  type QueryResult,
  type QuerySource,
  type Window,
} from './engine/query-engine.ts';
export type {
  ConditionNode,
  EntityNode,
  FetchQuery,
  FilterItem,
  FilterNode,
  LinkNode,
  LinkType,
  OrderItem,
  SelectItem,
} from './fetch-xml/ast.ts';
export { parseFetch } from './fetch-xml/parse.ts';
export { operators } from './operators/condition-sql.ts';
export type { QueryContext } from './query-context.ts';
export { QueryError, type QueryErrorCode } from './query-error.ts';
export {
  type CompileOptions,
  compileQuery,
  type OutputColumn,
  type QueryPlan,
  type QueryRow,
} from './sql/compile.ts';
export { escapePattern, likeToGlob } from './sql/like-pattern.ts';
export { join, name, type Sql, sql } from './sql/sql-text.ts';
export { dateRanges } from './time/date-ranges.ts';
export { availability, queryTables, type UnavailableReason } from './views/availability.ts';
export { foldedSlots } from './views/folded-slots.ts';
export { checkProfileFilter, queryOperators } from './views/profile-filter.ts';
export { quickFindQuery } from './views/quick-find.ts';
