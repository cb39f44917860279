import { httpTransport } from '../http/http-transport.ts';
import { syncPaths } from '../protocol/index.ts';
import type { SyncTransport } from '../transport.ts';
import { type DataverseTransportOptions, dataverseTransport } from './dataverse-transport.ts';

/**
 * The transport that an organization can serve: its sync endpoint where it has one, else the plain Web API. Asked once,
 * by whether there is anything at the endpoint's address.
 */
export async function discoverTransport(
  options: DataverseTransportOptions,
): Promise<SyncTransport> {
  const call = options.fetch ?? fetch;
  const base = options.url.replace(/\/$/, '');
  const { status } = await call(`${base}${syncPaths.app}`, { method: 'GET' });
  // Signed in or not, an endpoint that is there does not say 404.
  return status === 404 ? dataverseTransport(options) : httpTransport(options);
}
