import {
  accessRightBits,
  accessScope,
  activityPointer,
  type ModelIndex,
  type Privilege,
  type SecurityContext,
  type Table,
  twinTables,
} from '@outpost/model';
import { concat, join, name, type Sql, sql } from '@outpost/query';
import { businessUnitSlot, ownerSlot } from '../store/physical-schema.ts';

/**
 * The rows of a table a user may read, as a condition on the table's alias. Of the activities that `activitypointer` shows
 * these are the ones that may be read in their own table too.
 */
export function readPredicate(
  index: ModelIndex,
  context: SecurityContext,
  table: string,
  source: string,
): Sql {
  const definition = index.table(table);
  if (definition === undefined) return sql('FALSE');
  const own = inTable(context, definition, source);
  if (table !== activityPointer) return own;
  const twins = twinTables(index, definition)
    .filter((twin) => accessScope(context, 'read', twin.name).kind !== 'all')
    .map((twin): Sql => {
      const activity = `SELECT 1 FROM ${name(twin.name)} w WHERE w.${name(twin.primaryId)} = ${source}.${name(definition.primaryId)}`;
      const readable = concat(`EXISTS (${activity} AND `, inTable(context, twin, 'w'), ')');
      return concat(`(NOT EXISTS (${activity}) OR `, readable, ')');
    });
  return concat('(', join([own, ...twins], ' AND '), ')');
}

function inTable(context: SecurityContext, table: Table, source: string): Sql {
  return accessPredicate(context, 'read', table.name, {
    owner: `${source}.${name(ownerSlot)}`,
    businessUnit: `${source}.${name(businessUnitSlot)}`,
    id: `${source}.${name(table.primaryId)}`,
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
