import { readScope, type SecurityContext } from '@outpost/model';
import { name, type Sql, sql } from '@outpost/query';
import { businessUnitSlot, ownerSlot } from '../store/physical-schema.ts';

/** The rows of a table a user may read, as a condition on the table's alias. */
export function readPredicate(context: SecurityContext, table: string, source: string): Sql {
  return scopePredicate(
    context,
    table,
    `${source}.${name(ownerSlot)}`,
    `${source}.${name(businessUnitSlot)}`,
  );
}

/** The same scope over any pair of owner and business unit columns. */
export function scopePredicate(
  context: SecurityContext,
  table: string,
  owner: string,
  businessUnit: string,
): Sql {
  const scope = readScope(context, table);
  switch (scope.kind) {
    case 'none':
      return sql('0');
    case 'all':
      return sql('1');
    case 'some': {
      const places = (count: number) => Array.from({ length: count }, () => '?').join(', ');
      const { owners, businessUnits } = scope;
      return sql(
        `(${owner} IN (${places(owners.length)}) OR ${businessUnit} IN (${places(businessUnits.length)}))`,
        ...owners,
        ...businessUnits,
      );
    }
    default:
      return scope satisfies never;
  }
}
