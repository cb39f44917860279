/** The stage a query fails in; tells apart bad text from a query that cannot run here. */
export type QueryErrorCode =
  | 'xml'
  | 'schema'
  | 'operator'
  | 'value'
  | 'metadata'
  | 'limit'
  | 'offline'
  | 'context'
  | 'unsupported';

/** What is wrong with a query, where, and what to do. Carries the Dataverse number where one exists. */
export class QueryError extends Error {
  readonly code: QueryErrorCode;
  readonly fix: string;
  readonly dataverseCode: string | null;

  constructor(code: QueryErrorCode, message: string, fix: string, dataverseCode?: string) {
    super(message);
    this.name = 'QueryError';
    this.code = code;
    this.fix = fix;
    this.dataverseCode = dataverseCode ?? null;
  }
}
