import {
  dataverseErrors,
  type ModelIndex,
  type OfflineProfileItem,
  type ProfileFinding,
  type ProfileLimits,
} from '@outpost/model';
import { type ConditionNode, type EntityNode, nodesOf, ownConditions } from '../fetch-xml/ast.ts';
import { parseFetch } from '../fetch-xml/parse.ts';
import type { QueryContext } from '../query-context.ts';
import type { QueryError } from '../query-error.ts';
import { compileQuery } from '../sql/compile.ts';

/** Somebody to compile for: what a filter means to a caller does not matter here. */
const nobody: QueryContext = {
  now: 0,
  timeZone: 'UTC',
  userId: '00000000-0000-0000-0000-000000000000',
  businessUnitId: '00000000-0000-0000-0000-000000000000',
  teamIds: [],
};

/** What stands against a custom filter of a profile item: everything at once, with the numbers of publishing. */
export function checkProfileFilter(
  index: ModelIndex,
  item: OfflineProfileItem,
  limits: ProfileLimits,
): readonly ProfileFinding[] {
  const { table } = item;
  const findings: ProfileFinding[] = [];
  const find = (code: string, message: string) => findings.push({ code, table, message });
  const parsed = parseFetch(item.filter ?? '');
  if (parsed.kind === 'invalid') {
    for (const { message } of parsed.errors) {
      find(dataverseErrors.profileFilterInvalid, `The filter of table "${table}": ${message}`);
    }
    return findings;
  }
  const { root } = parsed.value;
  if (root.table !== table) {
    const message = `The filter of table "${table}" asks for table "${root.table}".`;
    find(dataverseErrors.profileFilterInvalid, message);
    return findings;
  }
  const conditions = conditionsOf(root);
  if (conditions.length > limits.filterConditions) {
    const message = `The filter of table "${table}" has ${conditions.length} conditions; the limit is ${limits.filterConditions}.`;
    find(dataverseErrors.profileFilterTooLong, message);
  }
  for (const { node, condition } of conditions) {
    const column = index.column(node.table, condition.column);
    if (condition.valueOf !== null) {
      const message = `The filter of table "${table}" compares columns "${condition.column}" and "${condition.valueOf}"; only values can be compared.`;
      find(dataverseErrors.profileFilterConditionType, message);
    }
    if (column?.type === 'owner' && condition.operands.length > 1) {
      const message = `The filter of table "${table}" lists several owners; only one can be given.`;
      find(dataverseErrors.profileFilterOwnerValues, message);
    }
  }
  if (root.links.length > 0) {
    const message = `The filter of table "${table}" joins other tables; use link-type "any" or "not any" inside the filter.`;
    find(dataverseErrors.profileFilterConditionType, message);
  }
  const compiled = compileQuery(parsed.value, { model: index, context: nobody });
  if (compiled.kind === 'invalid') {
    for (const error of compiled.errors) {
      find(codeOf(error), `The filter of table "${table}": ${error.message}`);
    }
  }
  return findings;
}

/** Operators that a query uses. */
export function queryOperators(fetchXml: string): readonly string[] {
  const parsed = parseFetch(fetchXml);
  if (parsed.kind === 'invalid') return [];
  return conditionsOf(parsed.value.root).map(({ condition }) => condition.operator);
}

function codeOf(error: QueryError): string {
  switch (error.code) {
    case 'metadata':
      return dataverseErrors.profileFilterColumn;
    case 'operator':
      return dataverseErrors.profileFilterOperator;
    default:
      return dataverseErrors.profileFilterInvalid;
  }
}

function conditionsOf(
  root: EntityNode,
): readonly { readonly node: EntityNode; readonly condition: ConditionNode }[] {
  return nodesOf(root).flatMap((node) =>
    ownConditions(node).map((condition) => ({ node, condition })),
  );
}
