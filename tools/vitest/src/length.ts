/**
 * How long a test that loops is. `npm test` takes the short length, `OUTPOST_LONG=1` the long one; the option, an
 * environment variable, says any other. Throws for an option that is no positive whole number.
 */
export function lengthOf(
  option: `OUTPOST_${string}`,
  { short, long }: { readonly short: number; readonly long: number },
): number {
  const asked = process.env[option];
  if (asked === undefined) return process.env['OUTPOST_LONG'] === '1' ? long : short;
  const length = Number(asked);
  if (Number.isSafeInteger(length) && length > 0) return length;
  throw new Error(`${option} is "${asked}": it takes a whole number above 0.`);
}
