/**
 * Synchronization with a plain Dataverse Web API.
 *
 * ```ts
 * const transport = await discoverTransport({ url: 'https://org.crm.dynamics.com', tokens, app, clock });
 * ```
 *
 * @packageDocumentation
 */
export { type DataverseTransportOptions, dataverseTransport } from './dataverse-transport.ts';
export { discoverTransport } from './discover.ts';
export type { WebApiClientOptions } from './web-api-client.ts';
