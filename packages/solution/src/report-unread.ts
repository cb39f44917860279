import type { ReadContext } from './read-table.ts';
import { businessRuleCategory, processFlowCategory } from './workflow/categories.ts';
import { childNamed, childrenNamed, textOf, type XmlNode } from './xml/xml-tree.ts';

/** Parts of customizations.xml that Outpost has no use for, and what that means on a device. */
const unread: Readonly<Record<string, string>> = {
  Templates: 'templates are not available offline',
  EntityMaps: 'values are not carried over to new rows by mapping',
  Dashboards: 'dashboards are not shown',
  WebResources: 'web resources are not executed or shown',
  CustomControls: 'custom controls are shown as plain fields',
  EntityDataProviders: 'virtual tables are online only',
  connectionreferences: 'connections to other services are not used',
  OrganizationSettings: 'settings of the organization are not taken over',
};

/** Parts that are read, by their names in lower case. */
const read: ReadonlySet<string> = new Set([
  'entities',
  'roles',
  'workflows',
  'fieldsecurityprofiles',
  'sitemap',
  'entityrelationships',
  'optionsets',
  'appmodulesitemaps',
  'appmodules',
  'connectionroles',
  'entityimageconfigs',
  'attributeimageconfigs',
  'languages',
]);

/** One finding for each part that is not read, and for each workflow that does not run. */
export function reportUnread(root: XmlNode, report: ReadContext['report']): void {
  for (const { name, children } of root.children) {
    const count = children.length;
    if (count === 0 || read.has(name.toLowerCase())) continue;
    const meaning = unread[name] ?? 'this part is not known';
    const message = `${count} entries of ${name} are not read: ${meaning}.`;
    report('info', 'solution.partNotRead', message, `customizations.xml/${name}`);
  }
  const entities = childrenNamed(childNamed(root, 'Entities'), 'Entity');
  const charts = entities.reduce(
    (sum, entity) => sum + (childNamed(entity, 'Visualizations')?.children.length ?? 0),
    0,
  );
  if (charts > 0) {
    const message = `${charts} charts are not read: charts are not shown.`;
    report('info', 'solution.partNotRead', message, 'customizations.xml/Entities');
  }
  for (const workflow of childrenNamed(childNamed(root, 'Workflows'), 'Workflow')) {
    const name = workflow.attributes['Name'] ?? '';
    const category = textOf(workflow, 'Category');
    if (category === businessRuleCategory || category === processFlowCategory) continue;
    const message = `The workflow of category ${category} "${name}" is listed but does not run here.`;
    report('warning', 'solution.inactiveWorkflow', message, `customizations.xml/Workflows/${name}`);
  }
}
