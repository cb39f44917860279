import {
  type Diagnostic,
  depthNames,
  type OfflineProfileItem,
  privileges,
  type Role,
} from '@outpost/model';
import { checkFlow, checkFlows, lintRules } from '@outpost/rules';
import { type DataPackage, readDataPackage, readSolution, type Solution } from '@outpost/solution';
import { type Arguments, textOption } from '../arguments.ts';
import { UsageError } from '../usage-error.ts';
import { importedApp } from '../world/imported-app.ts';
import { readPackageFile } from '../world/read-package-file.ts';
import { generatedProfile, type ProfileReport } from './generated-profile.ts';
import { inspectViews, type ViewReport } from './inspect-views.ts';
import { userPath } from './user-path.ts';

/** Prints what a solution and a data package hold. Exit code 1: the profile asked for cannot be published. */
export async function inspectCommand({ operand, values }: Arguments): Promise<number> {
  const dataFile = textOption(values, 'data');
  const appModule = textOption(values, 'app');
  const wanted = textOption(values, 'profile');
  if (wanted !== null && wanted !== 'auto') {
    throw new UsageError(`--profile is "auto", not "${wanted}".`);
  }
  const solution = readPackageFile(userPath(operand ?? ''), (bytes) =>
    readSolution(bytes, appModule === null ? {} : { appModule }),
  );
  const data =
    dataFile === null
      ? null
      : readPackageFile(userPath(dataFile), (bytes) => readDataPackage(bytes, solution.model));
  const report = wanted === null ? null : profileFor(solution, data, appModule);
  const app = importedApp(solution, data);
  const views = await inspectViews(app.model, data === null ? [] : app.rows);
  if (values['json'] === true) console.log(JSON.stringify(toJson(solution, data, report, views)));
  else for (const line of toLines(solution, data, report, views)) console.log(line);
  return report === null || report.findings.length === 0 ? 0 : 1;
}

function profileFor(
  solution: Solution,
  data: DataPackage | null,
  appModule: string | null,
): ProfileReport {
  const app =
    solution.appModules.find((one) => one.uniqueName === appModule) ?? solution.appModules[0];
  const rows = new Map(Object.entries(data?.rowsByTable ?? {}));
  return generatedProfile(data?.model ?? solution.model, app?.tables ?? [], rows);
}

/** Depths by table and privilege, by their names. */
function depthsOf(role: Role): Readonly<Record<string, Readonly<Record<string, string>>>> {
  return Object.fromEntries(
    Object.entries(role.privileges).map(([table, granted]) => [
      table,
      Object.fromEntries(
        privileges.flatMap((one) => {
          const depth = granted[one] ?? 0;
          return depth === 0 ? [] : [[one, depthNames[depth]]];
        }),
      ),
    ]),
  );
}

function toJson(
  solution: Solution,
  data: DataPackage | null,
  report: ProfileReport | null,
  views: readonly ViewReport[],
) {
  const { counts, uniqueName, version, managed, model, appModules, connectionRoles } = solution;
  return {
    solution: uniqueName,
    version,
    managed,
    ...counts,
    apps: appModules,
    securityRoles: model.roles.map((role) => ({
      id: role.id,
      name: role.name,
      inheritance: role.inheritance ?? 'direct',
      privileges: depthsOf(role),
    })),
    fieldSecurityProfiles: model.fieldSecurityProfiles ?? [],
    connectionRoles,
    data:
      data === null
        ? null
        : {
            rows: data.rows.length,
            associations: data.associations.length,
            rowsByTable: data.rowsByTable,
            currencies: data.currencies,
          },
    profile: report,
    views,
    diagnostics: findingsOf(solution, data),
  };
}

/** Findings of reading, then those about business rules and process flows. */
function findingsOf(solution: Solution, data: DataPackage | null): readonly Diagnostic[] {
  const { tables, rules, flows } = solution.model;
  const active = rules.filter((rule) => rule.state === 'active');
  const ofFlows = flows.flatMap((flow) =>
    checkFlow(flow, (name) => tables.find((table) => table.name === name)),
  );
  return [
    ...solution.diagnostics,
    ...(data?.diagnostics ?? []),
    ...lintRules(active, tables),
    ...ofFlows,
    ...checkFlows(flows),
  ];
}

function* toLines(
  solution: Solution,
  data: DataPackage | null,
  report: ProfileReport | null,
  views: readonly ViewReport[],
): Iterable<string> {
  const { counts, uniqueName, version, managed, model, appModules } = solution;
  yield `Solution ${uniqueName} ${version} (${managed ? 'managed' : 'unmanaged'})`;
  for (const [name, value] of Object.entries(counts)) {
    yield `  ${name.padEnd(22)} ${typeof value === 'number' ? value : JSON.stringify(value)}`;
  }
  for (const app of appModules) {
    yield `App ${app.uniqueName} "${app.name}": ${app.tables.length} tables, ${app.views.length} views, ${app.forms.length} forms listed`;
  }
  for (const role of model.roles) {
    yield `Role ${role.name}${role.inheritance === 'teamOnly' ? ' (team privileges only)' : ''}`;
    for (const [table, depths] of Object.entries(depthsOf(role))) {
      const list = Object.entries(depths).map(([privilege, depth]) => `${privilege} ${depth}`);
      yield `  ${table.padEnd(44)} ${list.join(', ')}`;
    }
  }
  if (data !== null) {
    yield `Data package: ${data.rows.length} rows in ${Object.keys(data.rowsByTable).length} tables, ${data.associations.length} associations`;
    for (const [table, count] of Object.entries(data.rowsByTable)) {
      yield `  ${table.padEnd(44)} ${count}`;
    }
  }
  yield* viewLines(views);
  if (report !== null) yield* profileLines(report);
  const diagnostics = findingsOf(solution, data);
  yield `${diagnostics.length} findings`;
  for (const { severity, code, message, location } of diagnostics) {
    yield `  ${severity} ${code}: ${message} (${location})`;
  }
}

function* viewLines(views: readonly ViewReport[]): Iterable<string> {
  const available = views.filter((view) => view.available);
  const filled = available.filter((view) => (view.rows ?? 0) > 0);
  yield `Views: ${available.length} of ${views.length} available offline, ${filled.length} with rows`;
  for (const { table, name, reason } of views) {
    if (reason !== null) yield `  not available: ${table} "${name}": ${reason}`;
  }
}

function* profileLines({ profile, toEnable, findings, advice }: ProfileReport): Iterable<string> {
  yield `Offline profile "${profile.name}": ${profile.items.length} tables`;
  for (const item of profile.items) {
    yield `  ${item.table.padEnd(44)} ${rowsOf(item)}, every ${item.intervalMinutes} min`;
  }
  if (toEnable.length > 0) yield `  to enable for offline use first: ${toEnable.join(', ')}`;
  yield findings.length === 0
    ? '  It can be published.'
    : `  It cannot be published: ${findings.length} findings`;
  for (const { code, message } of findings) yield `  error ${code}: ${message}`;
  for (const code of new Set(advice.map((one) => one.code))) {
    const [first, ...others] = advice.filter((one) => one.code === code);
    const more = others.length === 0 ? '' : ` The same for ${others.length} more.`;
    yield `  advice ${code}: ${first?.message}${more}`;
  }
}

/** Which rows an item downloads, for people. */
function rowsOf(item: OfflineProfileItem): string {
  const owners = [
    item.mine === true ? 'mine' : [],
    item.myTeams === true ? "my teams'" : [],
    item.myBusinessUnit === true ? "my business unit's" : [],
  ].flat();
  const related =
    item.relationships.length > 0 ? `related by ${item.relationships.join(', ')}` : [];
  switch (item.criteria) {
    case 'all':
      return 'all rows';
    case 'custom':
      return 'rows of a filter';
    case 'related':
    case 'other':
      return [owners, related].flat().join(', ');
    default:
      return item.criteria satisfies never;
  }
}
