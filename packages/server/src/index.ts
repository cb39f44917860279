/**
 * The organization: row-secured data, an offline profile per app, a commit-ordered change feed, uploads with one verdict
 * per edit. The server trusts no device: every read and every write is checked for the caller.
 *
 * ```ts
 * const organization = await createServer({ store: sqliteStore(null), model, auth, system });
 * const server = await listen(organization);
 * ```
 *
 * @packageDocumentation
 */
export { type Authenticator, anyOf, type UserDirectory } from './auth/authenticator.ts';
export {
  type DevelopmentIssuer,
  type DevelopmentIssuerOptions,
  developmentIssuer,
} from './auth/development-issuer.ts';
export { type JwtOptions, jwtAuthenticator } from './auth/jwt.ts';
export { tokenList } from './auth/token-list.ts';
export type { HintListener } from './feed/hints.ts';
export type { StreamLimits } from './feed/stream-limits.ts';
export type { ServerRequest, ServerResponse } from './http/message.ts';
export { dataverseLimits, type RequestLimits } from './limits/request-limiter.ts';
export type { Counts, DeviceLag, Metrics } from './metrics/metrics.ts';
export { metricsText } from './metrics/metrics-text.ts';
export {
  createServer,
  type Organization,
  type OrganizationOptions,
  type RowInput,
  type UserSession,
} from './organization.ts';
export { ServerError, type ServerErrorCode } from './server-error.ts';
export type { ChangeClock } from './store/change-clock.ts';
export type { FailedKey } from './store/row-keys.ts';
export type { ReadTx, ServerStore, WriteTx } from './store/server-store.ts';
export type { LogRange, StoreEngine } from './store/store-engine.ts';
export type { SentFilter, SentRows } from './sync/sent.ts';
export { Refusal } from './write/refusal.ts';
