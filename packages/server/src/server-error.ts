export type ServerErrorCode =
  | 'model.invalid'
  | 'profile.invalid'
  | 'store.newer'
  | 'user.unknown'
  | 'store.unsupported'
  | 'store.closed'
  | 'store.address';

/** The organization cannot start or an administrator's call cannot be carried out: what, and what to do next. */
export class ServerError extends Error {
  readonly code: ServerErrorCode;
  readonly fix: string;

  constructor(code: ServerErrorCode, message: string, fix: string) {
    super(message);
    this.name = 'ServerError';
    this.code = code;
    this.fix = fix;
  }
}

/** A request that ends with an error answer. */
export class HttpError extends Error {
  readonly status: number;
  /** Dataverse number, or `outpost:name`. */
  readonly code: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    code: string,
    message: string,
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}
