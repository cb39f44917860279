import { isLookupValue, type RowValues } from '@outpost/model';
import { isRecord } from './scenario.ts';

/** Values as a scenario writes them: lookups by name. */
export function flat(values: RowValues): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      isLookupValue(value) ? (value.name ?? value.id) : value,
    ]),
  );
}

/** Every member that is wanted is found; lists match in any order. */
export function matches(wanted: unknown, found: unknown): boolean {
  if (Array.isArray(wanted)) {
    return (
      Array.isArray(found) &&
      wanted.length === found.length &&
      wanted.every((one) => found.some((other) => matches(one, other)))
    );
  }
  if (isRecord(wanted)) {
    return (
      isRecord(found) && Object.entries(wanted).every(([key, value]) => matches(value, found[key]))
    );
  }
  return wanted === found;
}
