import { type ModelIndex, mayUseColumn, type SecurityContext } from '@outpost/model';
import {
  compileQuery,
  type Dialect,
  type FetchQuery,
  type QueryContext,
  type Sql,
} from '@outpost/query';
import { readPredicate } from './read-predicate.ts';

/** Where and for whom a query is compiled. */
export interface ReadableQueryEnv {
  readonly index: ModelIndex;
  readonly context: SecurityContext;
  readonly query: QueryContext;
  readonly dialect: Dialect;
}

/** A query over the rows and columns that its user may read: others are neither found nor counted nor compared. */
export function compileReadable(
  env: ReadableQueryEnv,
  query: FetchQuery,
): ReturnType<typeof compileQuery> {
  return compileQuery(query, {
    model: readableIndex(env),
    hidden: (table, column) => !mayUseColumn(env.context.columns, 'read', table, column),
    context: env.query,
    dialect: env.dialect,
    // A dialect that cannot fold has folded copies of all texts.
    isFolded: () => env.dialect.name === 'postgresql',
    restrict: (table, alias): Sql => readPredicate(env.index, env.context, table, alias),
  });
}

/** Who asks, and when. */
export function queryContext(context: SecurityContext, now: number): QueryContext {
  return {
    now,
    timeZone: 'UTC',
    userId: context.userId,
    businessUnitId: context.businessUnitId,
    teamIds: context.teamIds,
  };
}

/** Without secured columns that the user may not read: they do not exist for a query. */
function readableIndex({ index, context }: ReadableQueryEnv): ModelIndex {
  return {
    ...index,
    column: (table, name) => {
      const column = index.column(table, name);
      const readable = column !== undefined && mayUseColumn(context.columns, 'read', table, column);
      return readable ? column : undefined;
    },
  };
}
