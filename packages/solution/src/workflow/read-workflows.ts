import type { BusinessRule, ProcessFlow, Table } from '@outpost/model';
import type { ReadContext } from '../read-table.ts';
import { SolutionError } from '../solution-error.ts';
import { readZip } from '../xml/unzip.ts';
import { childNamed, childrenNamed, textOf, type XmlNode } from '../xml/xml-tree.ts';
import { businessRuleCategory, processFlowCategory } from './categories.ts';
import { readBusinessRule } from './read-business-rule.ts';
import { readProcessFlow } from './read-process-flow.ts';

const tableScope = '2';

/** Business rules and process flows of a solution. */
export interface Workflows {
  readonly rules: readonly BusinessRule[];
  readonly flows: readonly ProcessFlow[];
}

/**
 * Reads the definitions of business rules and process flows. A rule that is not understood wholly becomes a draft, a flow
 * is left out, each with a diagnostic.
 */
export function readWorkflows(
  zip: Uint8Array,
  root: XmlNode,
  tables: readonly Table[],
  { language, report }: Pick<ReadContext, 'language' | 'report'>,
): Workflows {
  const listed = childrenNamed(childNamed(root, 'Workflows'), 'Workflow').filter((one) =>
    [businessRuleCategory, processFlowCategory].includes(textOf(one, 'Category')),
  );
  const files = readZip(zip, listed.map(fileOf));
  const rules: BusinessRule[] = [];
  const flows: ProcessFlow[] = [];
  for (const [order, workflow] of listed.entries()) {
    const file = fileOf(workflow);
    const xaml = files.get(file);
    const location = `customizations.xml/Workflows/${workflow.attributes['Name'] ?? ''}`;
    if (xaml === undefined) {
      report('warning', 'solution.workflowMissing', `The zip holds no "${file}".`, location);
      continue;
    }
    try {
      if (textOf(workflow, 'Category') === businessRuleCategory) {
        const { rule, problem } = readBusinessRule(xaml, file, headerOf(workflow, order), language);
        rules.push(rule);
        if (problem !== null) {
          const message = `Rule "${rule.name}" does not run: ${problem.message}`;
          report('warning', 'solution.unknownRuleElement', message, problem.location);
        }
        continue;
      }
      const flow = readFlow(workflow, xaml, file, tables, { language, report });
      if (flow !== null) flows.push(flow);
    } catch (error) {
      if (!(error instanceof SolutionError)) throw error;
      report('warning', 'solution.workflowUnreadable', error.message, location);
    }
  }
  return { rules, flows };
}

function fileOf(workflow: XmlNode): string {
  return textOf(workflow, 'XamlFileName').replace(/^\//, '');
}

function idOf(text: string | undefined): string {
  return (text ?? '').replace(/[{}]/g, '').toLowerCase();
}

function headerOf(workflow: XmlNode, order: number) {
  const form = idOf(textOf(workflow, 'ProcessTriggerFormId'));
  const scope =
    textOf(workflow, 'ProcessTriggerScope') === tableScope
      ? ('table' as const)
      : form === ''
        ? ('allForms' as const)
        : { form };
  return {
    id: idOf(workflow.attributes['WorkflowId']),
    name: workflow.attributes['Name'] ?? '',
    table: textOf(workflow, 'PrimaryEntity').toLowerCase(),
    scope,
    state: textOf(workflow, 'StateCode') === '1' ? ('active' as const) : ('draft' as const),
    order,
  };
}

function readFlow(
  workflow: XmlNode,
  xaml: string,
  file: string,
  tables: readonly Table[],
  { language, report }: Pick<ReadContext, 'language' | 'report'>,
): ProcessFlow | null {
  const name = workflow.attributes['Name'] ?? '';
  const table = textOf(workflow, 'PrimaryEntity').toLowerCase();
  const instanceTable = textOf(workflow, 'UniqueName').toLowerCase();
  const instanceColumn = `bpf_${table}id`;
  const order = textOf(workflow, 'processorder');
  const header = {
    id: idOf(workflow.attributes['WorkflowId']),
    name,
    table,
    instanceTable,
    instanceColumn,
    ...(Number(order) > 0 ? { order: Number(order) } : {}),
  };
  const { flow, ignoredActions, problem } = readProcessFlow(xaml, file, header, language);
  if (problem !== null) {
    report(
      'warning',
      'solution.unknownFlowElement',
      `Flow "${name}" is left out: ${problem}`,
      file,
    );
    return null;
  }
  if (ignoredActions > 0) {
    const message = `${ignoredActions} workflows that run when a stage is entered need the organization.`;
    report('info', 'solution.flowActionIgnored', message, file);
  }
  const instances = tables.find((one) => one.name === instanceTable);
  if (instances?.columns.some((one) => one.name === instanceColumn) !== true) {
    const message = `Flow "${name}" has no instance table "${instanceTable}" with column "${instanceColumn}".`;
    report('warning', 'solution.flowWithoutInstances', message, file);
    return null;
  }
  return flow;
}
