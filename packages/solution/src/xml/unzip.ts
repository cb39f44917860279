import { unzipSync } from 'fflate';
import { SolutionError } from '../solution-error.ts';

/** Bytes after decompression, one file and together. */
const limits = { file: 512 * 1024 * 1024, total: 1024 * 1024 * 1024 } as const;

/** Texts of the wanted files of a zip, by name. Refuses files that unpack to more than the limits. */
export function readZip(bytes: Uint8Array, wanted: readonly string[]): ReadonlyMap<string, string> {
  let total = 0;
  let tooLarge: string | null = null;
  let files: Record<string, Uint8Array>;
  try {
    files = unzipSync(bytes, {
      filter: ({ name, originalSize }) => {
        if (!wanted.includes(name)) return false;
        total += originalSize;
        if (originalSize > limits.file || total > limits.total) tooLarge = name;
        return tooLarge === null;
      },
    });
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    throw new SolutionError(
      'zip.unreadable',
      `The file is not a zip archive (${cause}).`,
      'Export it again.',
    );
  }
  if (tooLarge !== null) {
    throw new SolutionError(
      'zip.tooLarge',
      `"${String(tooLarge)}" unpacks to more than the limit.`,
      'Use a smaller package.',
    );
  }
  const decoder = new TextDecoder('utf-8');
  return new Map(Object.entries(files).map(([name, content]) => [name, decoder.decode(content)]));
}

export function requireFile(
  files: ReadonlyMap<string, string>,
  name: string,
  what: string,
): string {
  const text = files.get(name);
  if (text !== undefined) return text;
  throw new SolutionError(
    'file.missing',
    `The zip holds no ${name}, so it is not a ${what}.`,
    `Choose a ${what}.`,
  );
}
