/** GUIDs are lower-case with hyphens everywhere; braces and upper case are accepted on input only. */

const pattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

export function isGuid(text: string): boolean {
  return pattern.test(text);
}

/** The normal form of a GUID in any accepted spelling, or null when the text is not one. */
export function parseGuid(text: string): string | null {
  const bare = text
    .trim()
    .toLowerCase()
    .replace(/^\{(.*)\}$/, '$1');
  return isGuid(bare) ? bare : null;
}
