import {
  type AppModel,
  type ChoiceOption,
  type Diagnostic,
  defineTable,
  isLogicalName,
  type ManyToMany,
  type Table,
  withSystemTables,
} from '@outpost/model';
import { type AppModule, readAppModules } from './read-app-modules.ts';
import { type Choice, readChoices, readOptionSet } from './read-choices.ts';
import { type ConnectionRole, readConnectionRoles } from './read-connection-roles.ts';
import { readForms } from './read-forms.ts';
import { readRelationships } from './read-relationships.ts';
import { readFieldSecurityProfiles, readRoles } from './read-roles.ts';
import { readSiteMap } from './read-site-map.ts';
import { entityName, type ReadContext, readTable } from './read-table.ts';
import { readSavedQueries } from './read-views.ts';
import { reportUnread } from './report-unread.ts';
import { SolutionError } from './solution-error.ts';
import { businessRuleCategory, processFlowCategory } from './workflow/categories.ts';
import { readWorkflows } from './workflow/read-workflows.ts';
import { readZip, requireFile } from './xml/unzip.ts';
import { childNamed, childrenNamed, readXmlTree, textOf, type XmlNode } from './xml/xml-tree.ts';

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
  readonly appModules: readonly AppModule[];
  readonly choices: readonly Choice[];
  readonly connectionRoles: readonly ConnectionRole[];
  readonly counts: SolutionCounts;
  readonly diagnostics: readonly Diagnostic[];
}

export interface ReadSolutionOptions {
  /** Unique name of the app module whose name and navigation the model takes. Default: the first. */
  readonly appModule?: string;
}

/**
 * Reads a solution zip as Dataverse exports it. What is not understood becomes a diagnostic with its location and never
 * stops the rest; only an unusable file throws `SolutionError`.
 */
export function readSolution(bytes: Uint8Array, options: ReadSolutionOptions = {}): Solution {
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
  const allRelationships = readRelationships(root, report);
  const context: ReadContext = {
    language,
    globalOptions: readGlobalOptions(root, language),
    relationships: allRelationships.filter((one) => one.kind === 'manyToOne'),
    report,
  };
  const entities = childrenNamed(childNamed(root, 'Entities'), 'Entity').filter((entity) => {
    const name = entityName(entity);
    if (isLogicalName(name)) return true;
    const message = `"${name}" cannot be the name of a table; the table is left out.`;
    report('warning', 'solution.invalidName', message, `customizations.xml/Entities/${name}`);
    return false;
  });
  const listed = entities.map((entity) => readTable(entity, context));
  const relationships = allRelationships.map((one) =>
    one.kind === 'manyToMany' ? withKeyColumns(one, listed) : one,
  );
  const pairs = relationships.filter((one) => one.kind === 'manyToMany');
  const tables = [...listed, ...intersectTables(listed, pairs)];
  const tableForms = entities.flatMap((entity) =>
    readForms(childNamed(entity, 'FormXml'), entityName(entity), language),
  );
  const savedQueries = entities.flatMap((entity) => readSavedQueries(entity, context));
  const roles = readRoles(root, new Map(tables.map(({ name }) => [name, name])), report);
  const appModules = readAppModules(root, language);
  const appModule = chooseApp(appModules, options.appModule);
  const choices = readChoices(root, language);
  const uniqueName = textOf(manifest, 'UniqueName');
  const model: AppModel = {
    name: appModule?.name ?? uniqueName,
    uniqueName,
    version: textOf(manifest, 'Version'),
    tables,
    relationships,
    savedQueries,
    forms: tableForms.map(({ form }) => form),
    ...readWorkflows(bytes, root, tables, context),
    roles,
    fieldSecurityProfiles: readFieldSecurityProfiles(root),
    siteMap: readSiteMap(root, appModule?.siteMap ?? null, {
      tables: new Map(tables.map((table) => [table.name, table])),
      language,
      report,
    }),
    profile: { id: '', name: '', items: [] },
  };
  reportUnread(root, report);
  const workflows = childrenNamed(childNamed(root, 'Workflows'), 'Workflow');
  const ofCategory = (category: string) =>
    workflows.filter((one) => textOf(one, 'Category') === category).length;
  return {
    uniqueName,
    version: model.version,
    managed: textOf(manifest, 'Managed') === '1',
    model: withSystemTables(model),
    appModules,
    choices,
    connectionRoles: readConnectionRoles(root),
    counts: {
      tables: listed.length,
      columns: entities.reduce((sum, entity) => sum + attributeCount(entity), 0),
      relationships: relationships.length,
      optionSets: choices.length,
      savedQueries: savedQueries.length,
      savedQueriesByType: countBy(savedQueries.map((one) => String(one.queryType))),
      forms: tableForms.length,
      formsByType: countBy(tableForms.map(({ type }) => type)),
      roles: roles.length,
      businessRules: ofCategory(businessRuleCategory),
      processFlows: ofCategory(processFlowCategory),
      appModules: appModules.length,
    },
    diagnostics,
  };
}

function chooseApp(
  modules: readonly AppModule[],
  uniqueName: string | undefined,
): AppModule | undefined {
  if (uniqueName === undefined) return modules[0];
  const found = modules.find((one) => one.uniqueName === uniqueName);
  if (found !== undefined) return found;
  const known = modules.map((one) => one.uniqueName).join(', ') || 'none';
  throw new SolutionError(
    'app.unknown',
    `The solution has no app module "${uniqueName}".`,
    `Choose one of its app modules: ${known}.`,
  );
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

/** Columns of an intersect table are named like the keys of the tables it connects. */
function withKeyColumns(pair: ManyToMany, tables: readonly Table[]): ManyToMany {
  if (pair.table1 === pair.table2) return pair;
  const keyOf = (name: string, column: string) =>
    tables.find((table) => table.name === name)?.primaryId ?? column;
  return {
    ...pair,
    column1: keyOf(pair.table1, pair.column1),
    column2: keyOf(pair.table2, pair.column2),
  };
}

function countBy(keys: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const key of keys) counts[key] = (counts[key] ?? 0) + 1;
  return counts;
}
