import { type ColumnValue, currentValues, parseValue, type Table } from '@outpost/model';
import type { Typed, Unfit } from './form-values.ts';

/**
 * What was typed under earlier definitions of a table, as it is now: under today's names; values that fit their column no
 * more as texts that do not fit; and, apart, what has no column any more.
 */
export function typedNow(
  table: Table,
  typed: Typed,
): { readonly here: Typed; readonly leftOver: Typed } {
  const columns = new Map(table.columns.map((column) => [column.name, column]));
  const parted = <T>(all: Readonly<Record<string, T>>) => {
    const entries = Object.entries(currentValues(table, all));
    const only = (wanted: boolean) =>
      Object.fromEntries(entries.filter(([name]) => columns.has(name) === wanted));
    return { here: only(true), leftOver: only(false) };
  };
  const [values, unfit, seen] = [
    parted(typed.values),
    parted(typed.unfit),
    parted(typed.seen.values),
  ];
  const fitting: Record<string, ColumnValue> = {};
  const others: Record<string, Unfit> = { ...unfit.here };
  for (const [name, value] of Object.entries(values.here)) {
    const column = columns.get(name);
    const parsed = column === undefined ? null : parseValue(column, value);
    if (parsed?.kind === 'value') fitting[name] = parsed.value;
    else if (parsed !== null) others[name] = { text: textOf(value), message: parsed.message };
  }
  const { version } = typed.seen;
  return {
    here: { values: fitting, unfit: others, seen: { values: seen.here, version } },
    leftOver: {
      values: values.leftOver,
      unfit: unfit.leftOver,
      seen: { values: seen.leftOver, version },
    },
  };
}

/** What was typed in both; where both have a column, the first. */
export function merged(first: Typed, second: Typed): Typed {
  return {
    values: { ...second.values, ...first.values },
    unfit: { ...second.unfit, ...first.unfit },
    seen: { ...first.seen, values: { ...second.seen.values, ...first.seen.values } },
  };
}

/** A value as a person might have typed it. */
export function textOf(input: unknown): string {
  return typeof input === 'string' ? input : (JSON.stringify(input) ?? String(input));
}
