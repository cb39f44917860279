import type { System } from '@outpost/model';
import type { ServerStore } from '@outpost/server';
import { postgresStore } from '@outpost/server/postgres';
import { UsageError } from '../usage-error.ts';

/**
 * A store in the schema that the address names (`?schema=`), or in one named like the app. Throws `UsageError` where the
 * address is none, or nobody answers there.
 */
export async function openPostgres(
  address: string,
  app: string,
  { random }: System,
): Promise<ServerStore> {
  if (!/^postgres(?:ql)?:\/\//.test(address) || !URL.canParse(address)) {
    throw new UsageError('--store takes an address such as postgres://user@host/database.');
  }
  const url = new URL(address);
  const schema = url.searchParams.get('schema') ?? `outpost_${app.toLowerCase()}`;
  url.searchParams.delete('schema');
  try {
    const store = postgresStore(url.href, { schema, random });
    await store.read((tx) => tx.all('SELECT 1'));
    return store;
  } catch (error) {
    const { message, cause } = error as Error;
    const why = cause instanceof Error ? ` (${cause.message})` : '';
    throw new UsageError(`The database of --store cannot be used: ${message}${why}`);
  }
}
