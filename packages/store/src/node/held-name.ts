import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { realpathSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:net';

export interface HeldName {
  release(): Promise<void>;
}

const nothing: HeldName = { release: async () => {} };

/**
 * Holds a name for `folder/name` in the whole system until released; `taken`: somebody else does. On Linux it is an abstract
 * socket, which is no file, so nothing that happens to files frees it, and which ends with the process. Other systems have
 * no such names, or, as Windows, locks that do not fall with another descriptor: there nothing is held.
 */
export async function holdName(folder: string, name: string): Promise<HeldName | 'taken'> {
  if (process.platform !== 'linux') return nothing;
  // By path and number: another container may have the path, and another folder the number when this one is deleted.
  const { dev, ino } = statSync(folder, { bigint: true });
  const place = `${dev}/${ino}${realpathSync(folder)}/${name}`;
  const key = createHash('sha256').update(place).digest('hex');
  // Nobody has anything to say here.
  const server = createServer((socket) => socket.destroy());
  try {
    server.listen({ path: `\0outpost-${key}`, exclusive: true });
    await once(server, 'listening');
  } catch (error) {
    // Where sockets are forbidden, the other locks have to do.
    return (error as { readonly code?: unknown }).code === 'EADDRINUSE' ? 'taken' : nothing;
  }
  server.unref();
  return { release: () => closed(server) };
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}
