import type { AppModel } from '@outpost/model';
import { generateRows, sampleApp, sampleUsers } from '@outpost/sample';
import { seededRandom } from '@outpost/testkit';
import type { WorldApp } from './world-spec.ts';

/** Tables of the sample app that a run takes: few, so that a run is short, and of every kind of relationship. */
const kept: ReadonlySet<string> = new Set(['account', 'contact', 'task', 'product', 'annotation']);

/** The tables of a working day: besides those, leads, opportunities, cases, phone calls and the list of activities. */
const ofField: ReadonlySet<string> = new Set([
  ...kept,
  'lead',
  'opportunity',
  'incident',
  'phonecall',
  'activitypointer',
]);

/** Users, units, roles: what the organization itself needs. */
const directory: ReadonlySet<string> = new Set([
  'systemuser',
  'businessunit',
  'team',
  'teammembership',
  'systemuserroles',
  'teamroles',
  'position',
  'systemuserprofiles',
  'teamprofiles',
  'syncerror',
]);

/** The sample app in small, with four people. */
export function sampleWorld(rows = 120): WorldApp {
  return worldOf('sample', kept, rows);
}

/** The sample app with what people do all day: leads, cases, activities. */
export function fieldWorld(rows = 90): WorldApp {
  return worldOf('field', ofField, rows);
}

function worldOf(name: string, tables: ReadonlySet<string>, rows: number): WorldApp {
  const has = (table: string) => tables.has(table) || directory.has(table);
  const model = reduced(sampleApp, has);
  return {
    name,
    model,
    *rows(now) {
      for (const row of generateRows({ random: seededRandom(5), now, rows })) {
        if (has(row.table)) yield row;
      }
    },
    users: [sampleUsers.ana.id, sampleUsers.ana.id, sampleUsers.ben.id, sampleUsers.eva.id],
    webUsers: [sampleUsers.carla.id, sampleUsers.dev.id],
  };
}

/** An app without the tables that `has` denies, and without what needs them. */
export function reduced(app: AppModel, has: (table: string) => boolean): AppModel {
  const relationships = app.relationships.filter((one) =>
    one.kind === 'manyToMany'
      ? has(one.intersect) && has(one.table1) && has(one.table2)
      : has(one.table) && has(one.target),
  );
  const names = new Set(relationships.map((one) => one.name));
  return {
    ...app,
    tables: app.tables
      .filter((table) => has(table.name))
      .map((table) => ({
        ...table,
        columns: table.columns.map((column) =>
          column.targets === undefined || column.targets.length < 2
            ? column
            : { ...column, targets: column.targets.filter(has) },
        ),
      })),
    relationships,
    savedQueries: app.savedQueries.filter((one) => has(one.table)),
    forms: app.forms.filter((one) => has(one.table)),
    rules: app.rules.filter((one) => has(one.table)),
    flows: app.flows.filter(
      (one) => has(one.instanceTable) && one.stages.every((stage) => has(stage.table)),
    ),
    siteMap: {
      areas: app.siteMap.areas.map((area) => ({
        ...area,
        groups: area.groups.map((group) => ({
          ...group,
          subAreas: group.subAreas.filter((sub) => has(sub.table)),
        })),
      })),
    },
    profile: {
      ...app.profile,
      items: app.profile.items
        .filter((item) => has(item.table))
        .map((item) => ({
          ...item,
          relationships: item.relationships.filter((name) => names.has(name)),
        })),
    },
  };
}
