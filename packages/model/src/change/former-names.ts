import type { AppModel } from '../app-model.ts';
import type { Column } from '../column.ts';
import type { Table } from '../table.ts';

/** Former names of a column, the newest first. */
export function formerNames({ renamedFrom }: Column): readonly string[] {
  if (renamedFrom === undefined) return [];
  return typeof renamedFrom === 'string' ? [renamedFrom] : renamedFrom;
}

/** What is wrong with the former names of a model, a sentence each: a name that means two columns means neither. */
export function checkRenames({ tables }: Pick<AppModel, 'tables'>): readonly string[] {
  return tables.flatMap((table) => {
    const owners = new Map<string, string>();
    return table.columns.flatMap((column) =>
      formerNames(column).flatMap((former): readonly string[] => {
        const place = `${table.name}.${column.name}`;
        if (table.columns.some((one) => one.name === former)) {
          return [
            `${place} cannot be renamed from "${former}": the table has a column "${former}".`,
          ];
        }
        const owner = owners.get(former);
        owners.set(former, column.name);
        if (owner === undefined || owner === column.name) return [];
        return [`${place} cannot be renamed from "${former}": so is "${owner}".`];
      }),
    );
  });
}

/**
 * The model with the former names that the one before it knew: a device that missed several changes finds its values and
 * edits all the same. A column that gets an earlier name back is renamed like any other.
 */
export function keepFormerNames(before: AppModel, after: AppModel): AppModel {
  const tables = after.tables.map((table) => {
    const known = before.tables.find((one) => one.name === table.name);
    return known === undefined ? table : { ...table, columns: kept(known, table) };
  });
  return { ...after, tables };
}

function kept(before: Table, after: Table): readonly Column[] {
  const known = new Map(before.columns.map((one) => [one.name, formerNames(one)]));
  const present = new Set(after.columns.map((one) => one.name));
  return after.columns.map((column) => {
    const back = before.columns.filter(
      (one) =>
        !known.has(column.name) && !present.has(one.name) && formerNames(one).includes(column.name),
    );
    const own = [
      ...formerNames(column),
      ...(known.get(column.name) ?? []),
      ...back.map((one) => one.name),
    ];
    // What one of them was called before is a former name of this one too.
    const all = new Set(own.flatMap((name) => [name, ...(known.get(name) ?? [])]));
    all.delete(column.name);
    const renamedFrom = [...all].filter((name) => !present.has(name) || own.includes(name));
    return renamedFrom.length === 0 ? column : { ...column, renamedFrom };
  });
}
