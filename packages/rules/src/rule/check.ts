import type { BusinessRule, Diagnostic, Table } from '@outpost/model';
import { actionsOf } from './actions-of.ts';
import { comparisonsOf, conditionColumns, operatorFits } from './condition.ts';

/** Finds what makes a rule unusable before it runs: unknown columns, operators that do not fit, empty parts. */
export function checkRule(rule: BusinessRule, table: Table): readonly Diagnostic[] {
  const found: Diagnostic[] = [];
  const report = (code: string, message: string, path: string) =>
    found.push({ severity: 'error', code, message, location: `rule "${rule.name}" ${path}` });
  const columnsByName = new Map(table.columns.map((column) => [column.name, column]));
  if (rule.branches.length === 0)
    report('rule.noCondition', 'The rule has no condition.', '/branches');
  rule.branches.forEach((branch, i) => {
    if (branch.then.length === 0) {
      report('rule.noAction', 'The branch has no action.', `/branches/${i}/then`);
    }
    for (const name of conditionColumns(branch.when)) {
      if (!columnsByName.has(name)) {
        report(
          'rule.unknownColumn',
          `Table "${table.name}" has no column "${name}".`,
          `/branches/${i}/when`,
        );
      }
    }
    for (const { column: name, op } of comparisonsOf(branch.when)) {
      const column = columnsByName.get(name);
      if (column !== undefined && !operatorFits(op, column)) {
        const message = `Operator "${op}" does not fit column "${name}" of type ${column.type}.`;
        report('rule.operatorNotForType', message, `/branches/${i}/when`);
      }
    }
  });
  for (const action of actionsOf(rule)) {
    if (!columnsByName.has(action.column)) {
      report(
        'rule.unknownColumn',
        `Table "${table.name}" has no column "${action.column}".`,
        '/then',
      );
    }
  }
  return found;
}
