import { roleIds } from '@outpost/sample';
import type { RowInput } from '@outpost/server';

/** Five users who mean no good: what each does stands in `attacks`. They have the rights of a salesperson. */
export const hostileUsers: readonly string[] = [
  'joiner',
  'batcher',
  'puller',
  'listener',
  'nester',
];

export function hostileId(name: string): string {
  const n = hostileUsers.indexOf(name) + 1;
  return `a0000000-0000-4000-8000-00000000ba${n.toString(16).padStart(2, '0')}`;
}

/** Their rows in the organization, in a business unit of it. */
export function* hostileRows(businessUnit: string): Generator<RowInput> {
  for (const name of hostileUsers) {
    const id = hostileId(name);
    const businessunitid = { table: 'businessunit', id: businessUnit };
    yield {
      table: 'systemuser',
      id,
      values: { firstname: name, lastname: 'Hostile', businessunitid, isdisabled: false },
    };
    yield {
      table: 'systemuserroles',
      id: id.replace('a0', 'a1'),
      values: { systemuserid: { table: 'systemuser', id }, roleid: roleIds.salesperson },
    };
  }
}
