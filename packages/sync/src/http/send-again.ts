/** Codes of platforms for a connection that was gone when a request was sent on it. */
const gone: ReadonlySet<unknown> = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']);

/**
 * Sends a request once more, at once, when its connection turns out to be gone: servers close idle ones, and a device that
 * slept or was busy meanwhile learns of it from the next request it sends. Browsers do that by themselves. For requests that
 * may arrive twice.
 */
export async function sendAgain<T>(send: () => Promise<T>): Promise<T> {
  try {
    return await send();
  } catch (error) {
    const code = (error as { cause?: { code?: unknown } } | null)?.cause?.code;
    if (!gone.has(code)) throw error;
    return send();
  }
}
