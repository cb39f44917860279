import type { Device } from '@outpost/device';
import { type Column, isLookup } from '@outpost/model';
import { idsOf } from './device-rows.ts';

/** Texts that break what is written carelessly. */
const tails = ['', ' é', ' ß😀', ' \'"', ' %_[', ' \u202e', ' 日本'] as const;

export function tokenText(n: number): string {
  return `tok-${n}${tails[n % tails.length]}`;
}

/** A value for a column that is not text, another one for each number where its type has enough of them. */
export function valueFor(client: Device, column: Column, n: number): unknown {
  if (isLookup(column)) return targetOf(client, column, (n * 0.618) % 1);
  const { min = 0, max = Number.MAX_SAFE_INTEGER, options = [] } = column;
  switch (column.type) {
    case 'integer':
    case 'bigint':
    case 'decimal':
    case 'double':
    case 'money':
      return min + (n % Math.max(1, Math.floor(max - min)));
    case 'boolean':
      return n % 2 === 0;
    case 'dateTime':
      return `${new Date(Date.UTC(2026, 3, 1) + n * 60_000).toISOString().slice(0, 19)}Z`;
    case 'dateOnly':
      return new Date(Date.UTC(2026, 3, 1 + n)).toISOString().slice(0, 10);
    case 'choice':
      return options[n % Math.max(1, options.length)]?.value ?? null;
    default:
      return null;
  }
}

/** A value of a column that a new row needs. */
export function requiredValue(client: Device, column: Column, at: number): unknown {
  if (isLookup(column)) return targetOf(client, column, at);
  switch (column.type) {
    case 'integer':
    case 'bigint':
    case 'decimal':
    case 'double':
    case 'money':
      return Math.max(column.min ?? 0, Math.min(1, column.max ?? 1));
    case 'boolean':
      return false;
    case 'dateTime':
      return '2026-03-02T08:00:00Z';
    case 'dateOnly':
      return '2026-03-02';
    case 'choice':
    case 'state':
    case 'status':
      return column.options?.[0]?.value ?? null;
    default:
      return 'x'.slice(0, column.maxLength ?? 1);
  }
}

function targetOf(client: Device, column: Column, at: number): unknown {
  for (const target of column.targets ?? []) {
    const table = client.model.tables.find((one) => one.name === target);
    const ids = idsOf(client, table);
    const id = ids[Math.floor(at * ids.length)];
    if (id !== undefined) return { table: target, id };
  }
  return null;
}
