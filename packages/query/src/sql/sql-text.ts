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

/** Pieces and texts one after another. */
export function concat(...parts: readonly (Sql | string)[]): Sql {
  return join(
    parts.map((part) => (typeof part === 'string' ? sql(part) : part)),
    '',
  );
}

/** SQL identifiers, quoted. */
export function name(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`;
}
