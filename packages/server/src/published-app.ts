import { createHash } from 'node:crypto';
import {
  type AppModel,
  checkRenames,
  formerNames,
  indexModel,
  keepsValues,
  type ModelIndex,
  type PlannedTable,
  type ProfileLimits,
  planProfile,
  withSystemTables,
} from '@outpost/model';
import { checkProfileFilter } from '@outpost/query';
import { type CompiledFlow, compileFlow, compileRules, type Program } from '@outpost/rules';
import { deviceApp } from './device-app.ts';
import { ServerError } from './server-error.ts';

/** An app's definitions with what the organization derives from them. */
export interface PublishedApp {
  readonly model: AppModel;
  /** Hash of `model`. */
  readonly modelHash: string;
  readonly index: ModelIndex;
  /** What devices get of it. */
  readonly deviceModel: AppModel;
  /** Hash of `deviceModel`. */
  readonly appHash: string;
  readonly plan: readonly PlannedTable[];
  /** Table-scope rules by table. */
  readonly programs: ReadonlyMap<string, Program>;
  /** Process flows by the table of their instances. */
  readonly flows: ReadonlyMap<string, CompiledFlow>;
  /** Relationships whose source rows bring target rows to devices, by source table: [column, target]. */
  readonly targetEdges: ReadonlyMap<string, readonly (readonly [string, string])[]>;
}

/** Checks definitions and profile. Throws `ServerError` with every finding of the profile at once. */
export function publishApp(definitions: AppModel, limits: ProfileLimits): PublishedApp {
  const model = withSystemTables(definitions);
  const index = indexModel(model);
  const planned = planProfile(index, model.profile, {
    limits,
    checkFilter: (item, allowed) => checkProfileFilter(index, item, allowed),
  });
  if (planned.kind === 'invalid') {
    const findings = planned.findings.map((one) => `${one.code} ${one.message}`).join(' ');
    throw new ServerError(
      'profile.invalid',
      `The offline profile is invalid: ${findings}`,
      'Correct the profile.',
    );
  }
  checkKeys(model);
  const deviceModel = deviceApp(model, planned.tables);
  return {
    model,
    modelHash: hashOf(model),
    index,
    deviceModel,
    appHash: hashOf(deviceModel),
    plan: planned.tables,
    programs: new Map(
      model.tables.map((table) => [table.name, compileRules(model.rules, table, null).program]),
    ),
    flows: new Map(
      model.flows.flatMap((one) => {
        const { flow } = compileFlow(one, index.table);
        return flow === null ? [] : [[one.instanceTable, flow] as const];
      }),
    ),
    targetEdges: targetEdges(planned.tables),
  };
}

/**
 * A column of an alternate key is not secured: who may not read it would find its value by trying keys.
 * https://learn.microsoft.com/power-apps/developer/data-platform/define-alternate-keys-entity
 */
function checkKeys(model: AppModel): void {
  for (const { name, alternateKeys = [], columns } of model.tables) {
    for (const key of alternateKeys) {
      const column = columns.find((one) => one.secured === true && key.columns.includes(one.name));
      if (column === undefined) continue;
      throw new ServerError(
        'model.invalid',
        `The alternate key "${key.name}" has the secured column ${name}.${column.name}.`,
        'Take the column out of the key, or its security off.',
      );
    }
  }
}

function hashOf(model: AppModel): string {
  return createHash('sha256').update(JSON.stringify(model)).digest('hex').slice(0, 16);
}

/** Throws `ServerError` where stored values would not fit a column any more, or it is not known whose they are. */
export function checkColumns(before: AppModel, after: AppModel): void {
  const [wrong] = checkRenames(after);
  if (wrong !== undefined) {
    const fix = 'Give the column a name that no column of the table has had.';
    throw new ServerError('model.invalid', wrong, fix);
  }
  const index = indexModel(before);
  for (const table of after.tables) {
    for (const column of table.columns) {
      const known = [column.name, ...formerNames(column)]
        .map((name) => index.column(table.name, name))
        .find((one) => one !== undefined);
      if (known === undefined || keepsValues(known, column)) continue;
      throw new ServerError(
        'model.invalid',
        `Column ${table.name}.${column.name} is ${known.type} and cannot become ${column.type}.`,
        'Add a new column instead, and move the values.',
      );
    }
  }
}

function targetEdges(
  plan: readonly PlannedTable[],
): ReadonlyMap<string, readonly (readonly [string, string])[]> {
  const edges = new Map<string, (readonly [string, string])[]>();
  for (const planned of plan) {
    for (const edge of planned.edges) {
      if (edge.direction === 'child') continue;
      const [holder, column] =
        edge.direction === 'pair'
          ? [edge.relationship.intersect, edge.ownColumn]
          : [edge.source, edge.relationship.column];
      edges.set(holder, [...(edges.get(holder) ?? []), [column, planned.table]]);
    }
  }
  return edges;
}
