import { unzipSync } from 'fflate';
import { SolutionError } from '../solution-error.ts';

/** Bytes after decompression, one file and together. */
export interface ZipLimits {
  readonly file: number;
  readonly total: number;
}
const mebibyte = 1024 * 1024;
const defaultLimits: ZipLimits = { file: 256 * mebibyte, total: 512 * mebibyte };

/**
 * Texts of the wanted files of a zip, by their exact names at its top level; nothing else is unpacked and nothing is
 * written anywhere. A file that claims more than the limits is refused before it is unpacked, and one that holds more
 * than it claims is cut there.
 */
export function readZip(
  bytes: Uint8Array,
  wanted: readonly string[],
  limits: ZipLimits = defaultLimits,
): ReadonlyMap<string, string> {
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
  return new Map(Object.entries(files).map(([name, content]) => [name, decode(content)]));
}

/** By byte order mark; UTF-8 without one. */
function decode(content: Uint8Array): string {
  const [first, second] = content;
  const encoding =
    first === 0xff && second === 0xfe
      ? 'utf-16le'
      : first === 0xfe && second === 0xff
        ? 'utf-16be'
        : 'utf-8';
  return new TextDecoder(encoding).decode(content);
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
