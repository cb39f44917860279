import { StoreError } from '../store-error.ts';

/**
 * Texts, names, comments (which may hold what looks like a parameter), parameters, and the end of the
 * statement. What is not closed goes to the end, so that nothing is read twice.
 */
const token =
  /'(?:[^']|'')*(?:'|$)|"(?:[^"]|"")*(?:"|$)|`(?:[^`]|``)*(?:`|$)|\[[^\]]*(?:\]|$)|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|[\p{L}_][\p{L}\p{N}_$]*|(\?\d*|[:@$](?:[\p{L}\p{N}_$]|::)+)|(;)/gu;

/** Parameters of the first statement of a text as SQLite numbers them: names with their prefix; null: it has none. */
export function parametersOf(sql: string): readonly (string | null)[] {
  const parameters: (string | null)[] = [];
  for (const [, parameter, end] of sql.matchAll(token)) {
    if (end !== undefined) break;
    if (parameter === undefined) continue;
    if (parameter === '?') parameters.push(null);
    else if (parameter.startsWith('?')) {
      while (parameters.length < Number(parameter.slice(1))) parameters.push(null);
    } else if (!parameters.includes(parameter)) parameters.push(parameter);
  }
  return parameters;
}

/** Every parameter has its value. SQLite would take NULL for one that is missing. */
export function checkCount(given: number, count: number, sql: string): void {
  if (given === count) return;
  const message = `${given} values were given for ${count} parameters: ${sql.slice(0, 200)}`;
  throw new StoreError('sql.bind', message, 'Give one value for each parameter; null is one.');
}
