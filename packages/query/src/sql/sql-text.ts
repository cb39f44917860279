import type { Cell } from '@outpost/model';

/** A piece of SQL with its parameters in order. Names come from metadata only; values are always parameters. */
export interface Sql {
  readonly text: string;
  readonly params: readonly Cell[];
}

export function sql(text: string, ...params: readonly Cell[]): Sql {
  return { text, params };
}

export function join(parts: readonly Sql[], separator: string): Sql {
  return {
    text: parts.map((part) => part.text).join(separator),
    params: parts.flatMap((part) => part.params),
  };
}

/** SQL identifiers, quoted. */
export function name(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`;
}
