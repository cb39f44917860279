import { accessRightBits, accessScope, type Privilege, type SecurityContext } from '@outpost/model';
import { join, name, type Sql, sql } from '@outpost/query';
import { businessUnitSlot, ownerSlot } from '../store/physical-schema.ts';

/** The rows of a table a user may read, as a condition on the table's alias. */
export function readPredicate(
  context: SecurityContext,
  table: string,
  primaryId: string,
  source: string,
): Sql {
  return accessPredicate(context, 'read', table, {
    owner: `${source}.${name(ownerSlot)}`,
    businessUnit: `${source}.${name(businessUnitSlot)}`,
    id: `${source}.${name(primaryId)}`,
  });
}

/** SQL of the three things that access to a row is computed from. */
export interface AccessColumns {
  readonly owner: string;
  readonly businessUnit: string;
  readonly id: string;
}

/** What `can` decides row by row, as a condition; the same answer for every row. */
export function accessPredicate(
  context: SecurityContext,
  privilege: Privilege,
  table: string,
  columns: AccessColumns,
): Sql {
  const scope = accessScope(context, privilege, table);
  switch (scope.kind) {
    case 'none':
      return sql('FALSE');
    case 'all':
      return sql('TRUE');
    case 'some': {
      const tests = [
        oneOf(columns.owner, scope.owners),
        oneOf(columns.businessUnit, scope.businessUnits),
        shared(table, columns.id, scope.sharedWith, accessRightBits[privilege]),
      ];
      return join(
        [
          sql('('),
          join(
            tests.filter((test) => test !== null),
            ' OR ',
          ),
          sql(')'),
        ],
        '',
      );
    }
    default:
      return scope satisfies never;
  }
}

function oneOf(column: string, values: readonly string[]): Sql | null {
  if (values.length === 0) return null;
  return sql(`${column} IN (${values.map(() => '?').join(', ')})`, ...values);
}

/** A share with one of the principals, or with everybody, that contains the right. */
function shared(table: string, id: string, principals: readonly string[], bit: number): Sql {
  const places = principals.map(() => '?').join(', ');
  return sql(
    `EXISTS (SELECT 1 FROM "$share" s WHERE s.tbl = ? AND s.pk = ${id} AND (s.rights & ${bit}) <> 0 AND (s.principal IN (${places}) OR s.principal = ''))`,
    table,
    ...principals,
  );
}
