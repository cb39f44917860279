import { promisify } from 'node:util';
import { brotliCompress, constants, createGunzip, gzip, zstdCompress } from 'node:zlib';
import { maxBodyBytes } from '../http/message.ts';
import { HttpError } from '../server-error.ts';

/** Smaller answers gain nothing. */
const smallest = 1024;

const encoders = {
  zstd: promisify(zstdCompress),
  br: (bytes: Buffer) =>
    promisify(brotliCompress)(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } }),
  gzip: promisify(gzip),
} as const;

/** The body in an encoding that the client takes, the best one first. */
export async function compress(
  bytes: Buffer,
  accepted: string | undefined,
): Promise<{ readonly bytes: Buffer; readonly encoding: string | null }> {
  if (bytes.length < smallest) return { bytes, encoding: null };
  const names = (accepted ?? '').split(',').map((one) => one.split(';')[0]?.trim());
  for (const encoding of ['zstd', 'br', 'gzip'] as const) {
    if (names.includes(encoding)) return { bytes: await encoders[encoding](bytes), encoding };
  }
  return { bytes, encoding: null };
}

/** A body that came with `Content-Encoding: gzip`; never more than the limit, however small it came. */
export async function gunzip(chunks: AsyncIterable<Buffer>): Promise<Buffer> {
  const unzip = createGunzip();
  const done: Buffer[] = [];
  let size = 0;
  const feed = (async () => {
    for await (const chunk of chunks) {
      if (!unzip.write(chunk)) await new Promise((next) => unzip.once('drain', next));
    }
    unzip.end();
  })();
  feed.catch(() => undefined);
  try {
    for await (const chunk of unzip as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > maxBodyBytes)
        throw new HttpError(413, 'outpost:tooLarge', `A body has at most ${maxBodyBytes} bytes.`);
      done.push(chunk);
    }
  } catch (error) {
    unzip.destroy();
    if (error instanceof HttpError) throw error;
    throw new HttpError(400, 'outpost:encoding', 'The body is not gzip.');
  }
  return Buffer.concat(done);
}
