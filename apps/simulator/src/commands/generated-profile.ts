import {
  type AppModel,
  type Diagnostic,
  generateProfile,
  indexModel,
  lintProfile,
  type OfflineProfile,
  type ProfileFinding,
  planProfile,
} from '@outpost/model';
import { checkProfileFilter, queryOperators } from '@outpost/query';
import { viewTables } from '../world/view-tables.ts';

/** A profile made for an app, and what publishing it says. */
export interface ProfileReport {
  readonly profile: OfflineProfile;
  /** Tables that have to be enabled for offline use first. */
  readonly toEnable: readonly string[];
  /** Empty: it can be published. */
  readonly findings: readonly ProfileFinding[];
  /** Tables in the order they are downloaded, intersect tables included. */
  readonly order: readonly string[];
  readonly advice: readonly Diagnostic[];
}

/** Generates an offline profile for an app, enables what it needs, and checks it as publishing does. */
export function generatedProfile(
  model: AppModel,
  tables: readonly string[],
  rows: ReadonlyMap<string, number>,
): ProfileReport {
  const { profile, toEnable } = generateProfile(model, { tables });
  const enabled: AppModel = {
    ...model,
    profile,
    tables: model.tables.map((table) =>
      toEnable.includes(table.name)
        ? { ...table, availableOffline: true, changeTracking: true }
        : table,
    ),
  };
  const index = indexModel(enabled);
  const plan = planProfile(index, profile, {
    checkFilter: (item, limits) => checkProfileFilter(index, item, limits),
  });
  return {
    profile,
    toEnable,
    findings: plan.kind === 'invalid' ? plan.findings : [],
    order: plan.kind === 'ok' ? plan.tables.map((one) => one.table) : [],
    advice: lintProfile(enabled, profile, {
      viewTables,
      tables,
      filterOperators: queryOperators,
      rows,
    }),
  };
}
