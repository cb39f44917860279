import type { Extracted } from './extract.ts';
import { packageNames } from './packages.ts';
import { referenceOf } from './reference.ts';

/** What `docs/api` holds besides its README: path and text. */
export function apiFiles(extracted: Extracted): ReadonlyMap<string, string> {
  return new Map([
    ...packageNames().map((name) => [`${name}.md`, referenceOf(name, extracted)] as const),
    ...[...extracted.reports].map(([name, text]) => [`reports/${name}.api.md`, text] as const),
  ]);
}
