import { parseFetch, queryTables } from '@outpost/query';

/** Tables that the query of a view reads. */
export function viewTables(fetchXml: string): readonly string[] {
  const parsed = parseFetch(fetchXml);
  return parsed.kind === 'ok' ? [...queryTables(parsed.value.root)] : [];
}
