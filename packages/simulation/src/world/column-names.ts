import type { AppModel, Column } from '@outpost/model';

/** The name that a column had at first: an administrator renames columns by what is appended. */
export function baseName(slot: string): string {
  return slot.replace(/_r\d+(\$|$)/, '$1');
}

/** A column by the name that it had at first; undefined: it is not there any more. */
export function columnOf(model: AppModel, table: string, base: string): Column | undefined {
  return model.tables
    .find((one) => one.name === table)
    ?.columns.find((one) => baseName(one.name) === base);
}
