import { HttpError } from '../server-error.ts';

/** What a caller asks for in `Prefer` headers. */
export interface Preferences {
  /** `return=representation`: the row as it is after the write. */
  readonly representation: boolean;
  /** `odata.maxpagesize`. */
  readonly pageSize: number | null;
  /** `odata.include-annotations`. */
  readonly annotations: (name: string) => boolean;
  /** `odata.track-changes`. */
  readonly trackChanges: boolean;
  /** `odata.continue-on-error`. */
  readonly continueOnError: boolean;
}

/** Reads the header; what is not known is not asked for, as the standard says. */
export function parsePreferences(header: string | undefined): Preferences {
  const values = new Map<string, string>();
  for (const match of (header ?? '').matchAll(/([\w.-]+)(?:\s*=\s*("[^"]*"|[^\s,;]*))?/g)) {
    values.set((match[1] ?? '').toLowerCase(), (match[2] ?? '').replace(/^"|"$/g, ''));
  }
  const size = values.get('odata.maxpagesize') ?? values.get('maxpagesize');
  if (size !== undefined && !/^[1-9]\d{0,5}$/.test(size)) {
    throw new HttpError(400, 'outpost:prefer', `"${size}" is no page size.`);
  }
  const included = values.get('odata.include-annotations') ?? values.get('include-annotations');
  return {
    representation: values.get('return') === 'representation',
    pageSize: size === undefined ? null : Number(size),
    annotations: annotationTest(included),
    trackChanges: values.has('odata.track-changes') || values.has('track-changes'),
    continueOnError: values.has('odata.continue-on-error') || values.has('continue-on-error'),
  };
}

/** `*`, `Name.*`, names; a minus takes out. */
function annotationTest(list: string | undefined): (name: string) => boolean {
  if (list === undefined) return () => false;
  const rules = list.split(',').map((item) => {
    const text = item.trim();
    const out = text.startsWith('-');
    const pattern = out ? text.slice(1) : text;
    return {
      out,
      matches: (name: string) =>
        pattern === '*' ||
        pattern === name ||
        (pattern.endsWith('.*') && name.startsWith(pattern.slice(0, -1))),
    };
  });
  return (name) =>
    !rules.some((rule) => rule.out && rule.matches(name)) &&
    rules.some((rule) => !rule.out && rule.matches(name));
}
