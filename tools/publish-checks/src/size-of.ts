import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { rolldown } from 'rolldown';

/** Bundles code that stands in `folder`; what `external` says stays outside. Minified. */
export async function bundle(
  folder: string,
  code: string,
  external: (id: string) => boolean = () => false,
): Promise<string> {
  const input = join(folder, `entry-${Math.abs(hash(code))}.mjs`);
  writeFileSync(input, code);
  const built = await rolldown({
    input,
    external: (id) => external(id),
    logLevel: 'silent',
    platform: 'neutral',
  });
  const { output } = await built.generate({ format: 'esm', minify: true });
  await built.close();
  return output[0].code;
}

function hash(text: string): number {
  let value = 0;
  for (const char of text) value = (value * 31 + char.charCodeAt(0)) | 0;
  return value;
}

/** Kilobytes of an entry's own code, minified and compressed. */
export async function sizeOf(folder: string, entry: string, own: string): Promise<number> {
  const code = await bundle(
    folder,
    `export * from '${entry}';\n`,
    (id) =>
      !id.startsWith('.') && !id.startsWith('/') && id !== entry && !id.startsWith(`${own}/dist`),
  );
  return gzipSync(code, { level: 9 }).length / 1000;
}
