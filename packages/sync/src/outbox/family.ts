import type { Entry } from './entry.ts';

/** Entries that hang together: the first ones, and whatever belongs to one that is in already, in their order. */
export function familyOf(
  entries: readonly Entry[],
  first: (entry: Entry) => boolean,
  belongs: (entry: Entry, member: Entry) => boolean,
): readonly Entry[] {
  const family = new Set(entries.filter(first));
  // A set is walked with what is added on the way.
  for (const member of family) {
    for (const entry of entries) if (belongs(entry, member)) family.add(entry);
  }
  return entries.filter((entry) => family.has(entry));
}
