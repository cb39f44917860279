import {
  type AppModel,
  type ChoiceOption,
  type Diagnostic,
  defineTable,
  type ManyToMany,
  type Table,
  withSystemTables,
} from '@outpost/model';
import {
  readForms,
  readRelationships,
  readRoles,
  readSavedQueries,
  readSiteMap,
} from './read-parts.ts';
import { entityName, type ReadContext, readOptionSet, readTable } from './read-table.ts';
import { readZip, requireFile } from './xml/unzip.ts';
import {
  childNamed,
  childrenNamed,
  descendants,
  readXmlTree,
  textOf,
  type XmlNode,
} from './xml/xml-tree.ts';

/** What a solution file holds, counted as in the file. */
export interface SolutionCounts {
  readonly tables: number;
  readonly columns: number;
  readonly relationships: number;
  readonly optionSets: number;
  readonly savedQueries: number;
  /** By Dataverse `querytype`. */
  readonly savedQueriesByType: Readonly<Record<string, number>>;
  readonly forms: number;
  readonly formsByType: Readonly<Record<string, number>>;
  readonly roles: number;
  readonly businessRules: number;
  readonly processFlows: number;
  readonly appModules: number;
}

export interface Solution {
  readonly uniqueName: string;
  readonly version: string;
  readonly managed: boolean;
  /** Without offline profile: a solution file holds none. */
  readonly model: AppModel;
  readonly counts: SolutionCounts;
  readonly diagnostics: readonly Diagnostic[];
}

/** Workflow categories. */
const businessRuleCategory = '2';
const processFlowCategory = '4';

/**
 * Reads a solution zip as Dataverse exports it. What is not understood becomes a diagnostic with its location and never
 * stops the rest; only an unusable file throws `SolutionError`.
 */
export function readSolution(bytes: Uint8Array): Solution {
  const files = readZip(bytes, ['solution.xml', 'customizations.xml']);
  const manifest = childNamed(
    readXmlTree(requireFile(files, 'solution.xml', 'solution'), 'solution.xml'),
    'SolutionManifest',
  );
  const root = readXmlTree(
    requireFile(files, 'customizations.xml', 'solution'),
    'customizations.xml',
  );
  const diagnostics: Diagnostic[] = [];
  const report: ReadContext['report'] = (severity, code, message, location) =>
    diagnostics.push({ severity, code, message, location });
  const language = childrenNamed(childNamed(root, 'Languages'), 'Language')[0]?.text || '1033';
  const relationships = readRelationships(root, report);
  const context: ReadContext = {
    language,
    globalOptions: readGlobalOptions(root, language),
    relationships: relationships.filter((one) => one.kind === 'manyToOne'),
    report,
  };
  const entities = childrenNamed(childNamed(root, 'Entities'), 'Entity');
  const listed = entities.map((entity) => readTable(entity, context));
  const tables = [
    ...listed,
    ...intersectTables(
      listed,
      relationships.filter((one) => one.kind === 'manyToMany'),
    ),
  ];
  const names = new Set(tables.map((table) => table.name));
  const tableForms = entities.flatMap((entity) =>
    readForms(childNamed(entity, 'FormXml'), entityName(entity), language),
  );
  const dashboards = readForms(childNamed(root, 'Dashboards'), '', language);
  const savedQueries = entities.flatMap((entity) => readSavedQueries(entity, context));
  const workflows = childrenNamed(childNamed(root, 'Workflows'), 'Workflow');
  reportWorkflows(workflows, report);
  const byLowerName = new Map([...names].map((name) => [name.toLowerCase(), name]));
  const roles = readRoles(root, byLowerName, report);
  const appModules = childrenNamed(childNamed(root, 'AppModules'), 'AppModule');
  const uniqueName = textOf(manifest, 'UniqueName');
  const model: AppModel = {
    name: appModules.length > 0 ? textOf(appModules[0], 'UniqueName') : uniqueName,
    uniqueName,
    version: textOf(manifest, 'Version'),
    tables,
    relationships: relationships.filter((one) => one.kind === 'manyToMany' || names.has(one.table)),
    savedQueries,
    forms: tableForms.map(({ form }) => form),
    rules: [],
    flows: [],
    roles,
    siteMap: readSiteMap(root, names, language, report),
    profile: { id: '', name: '', items: [] },
  };
  const forms = [...tableForms, ...dashboards];
  return {
    uniqueName,
    version: model.version,
    managed: textOf(manifest, 'Managed') === '1',
    model: withSystemTables(model),
    counts: {
      tables: listed.length,
      columns: entities.reduce((sum, entity) => sum + attributeCount(entity), 0),
      relationships: relationships.length,
      optionSets: descendants(root, 'optionset').length,
      savedQueries: savedQueries.length,
      savedQueriesByType: countBy(savedQueries.map((one) => String(one.queryType))),
      forms: forms.length,
      formsByType: countBy(forms.map(({ type }) => type)),
      roles: roles.length,
      businessRules: workflows.filter((one) => textOf(one, 'Category') === businessRuleCategory)
        .length,
      processFlows: workflows.filter((one) => textOf(one, 'Category') === processFlowCategory)
        .length,
      appModules: appModules.length,
    },
    diagnostics,
  };
}

function attributeCount(entity: XmlNode): number {
  const inner = childNamed(childNamed(entity, 'EntityInfo'), 'entity');
  return childrenNamed(childNamed(inner, 'attributes'), 'attribute').length;
}

function readGlobalOptions(
  root: XmlNode,
  language: string,
): ReadonlyMap<string, readonly ChoiceOption[]> {
  const sets = childrenNamed(childNamed(root, 'optionsets'), 'optionset');
  return new Map(sets.map((set) => [set.attributes['Name'] ?? '', readOptionSet(set, language)]));
}

/** Tables that hold the pairs of N:N relationships. */
function intersectTables(
  tables: readonly Table[],
  relationships: readonly ManyToMany[],
): readonly Table[] {
  const names = new Set(tables.map((table) => table.name));
  return relationships.flatMap((one): Table[] => {
    if (names.has(one.intersect) || !names.has(one.table1) || !names.has(one.table2)) return [];
    names.add(one.intersect);
    return [
      defineTable({
        name: one.intersect,
        label: one.name,
        primaryName: null,
        ownership: 'none',
        isIntersect: true,
        columns: {
          [one.column1]: { type: 'lookup', targets: [one.table1] },
          [one.column2]: { type: 'lookup', targets: [one.table2] },
        },
      }),
    ];
  });
}

function reportWorkflows(workflows: readonly XmlNode[], report: ReadContext['report']): void {
  const kinds: Readonly<Record<string, string>> = {
    [businessRuleCategory]: 'business rule',
    [processFlowCategory]: 'process flow',
  };
  for (const workflow of workflows) {
    const name = workflow.attributes['Name'] ?? '';
    const category = textOf(workflow, 'Category');
    const kind = kinds[category] ?? `workflow of category ${category}`;
    const message = `The ${kind} "${name}" is listed but does not run here.`;
    report('warning', 'solution.inactiveWorkflow', message, `customizations.xml/Workflows/${name}`);
  }
}

function countBy(keys: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const key of keys) counts[key] = (counts[key] ?? 0) + 1;
  return counts;
}
