/** The stage a query fails in; tells apart bad text from a query that cannot run here. */
export type QueryErrorCode =
  | 'xml'
  | 'schema'
  | 'operator'
  | 'value'
  | 'metadata'
  | 'limit'
  | 'offline'
  | 'context';

/** A place in the query's text; both count from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** What is wrong with a query, where, and what to do. Carries the Dataverse number where one exists. */
export class QueryError extends Error {
  readonly code: QueryErrorCode;
  readonly fix: string;
  readonly dataverseCode: string | null;
  readonly position: Position | null;

  constructor(
    code: QueryErrorCode,
    message: string,
    fix: string,
    dataverseCode?: string,
    position?: Position,
  ) {
    super(
      position === undefined
        ? message
        : `${message} (line ${position.line}, column ${position.column})`,
    );
    this.name = 'QueryError';
    this.code = code;
    this.fix = fix;
    this.dataverseCode = dataverseCode ?? null;
    this.position = position ?? null;
  }
}
