import {
  type AppModel,
  cellsToValues,
  indexModel,
  type ModelIndex,
  type ProcessFlow,
  type RowValues,
  type System,
  type Table,
} from '@outpost/model';
import { createQueryEngine, type QueryEngine } from '@outpost/query';
import {
  type CompiledFlow,
  type CompiledRules,
  compileFlow,
  compileRules,
  type DeviceHost,
  type FormColumns,
} from '@outpost/rules';
import { createSearch, type Search, type SearchIndex } from '@outpost/search';
import type { DeviceStore } from '@outpost/store';
import { readSyncTables, type Sync } from '@outpost/sync';
import { DeviceError } from './device-error.ts';

/** The app at work on this device: its definitions, and the engines that run over them. */
export interface Session {
  readonly model: AppModel;
  readonly index: ModelIndex;
  readonly store: DeviceStore;
  readonly sync: Sync;
  readonly system: System;
  readonly queries: QueryEngine;
  readonly search: Search;
  readonly searchIndex: SearchIndex;
  /** Tables on this device. */
  readonly tables: ReadonlySet<string>;
  readonly timeZone: string;
  readonly host: DeviceHost;
  /** Rules of a table, compiled once for each form; null: for no form. */
  rules(table: string, form: FormColumns | null): CompiledRules;
  /** A process flow ready to run; null where its definition is wrong. */
  flow(flow: ProcessFlow): CompiledFlow | null;
  table(name: string): Table;
  /** Values of a row, or null. */
  values(table: string, id: string): RowValues | null;
}

export function openSession(
  model: AppModel,
  store: DeviceStore,
  sync: Sync,
  system: System,
  { timeZone, host }: { readonly timeZone: string; readonly host: DeviceHost },
  searchIndex: SearchIndex,
): Session {
  const index = indexModel(model);
  const tables = new Set(readSyncTables(store).map((one) => one.table));
  const context = () => {
    const user = sync.hello?.user;
    return {
      now: system.clock.now(),
      timeZone,
      userId: user?.id ?? null,
      businessUnitId: user?.businessUnitId ?? null,
      teamIds: user?.teamIds ?? [],
    };
  };
  const queries = createQueryEngine({
    store,
    model: index,
    offlineTables: tables,
    context,
    clock: system.clock,
  });
  const compiledRules = new Map<string, CompiledRules>();
  const compiledFlows = new Map<ProcessFlow, CompiledFlow | null>();
  const table = (name: string): Table => {
    const found = index.table(name);
    if (found !== undefined && tables.has(name)) return found;
    throw new DeviceError(
      'device.unknownTable',
      `Table "${name}" is not on this device.`,
      'Add the table to the offline profile, or use another one.',
    );
  };
  return {
    model,
    index,
    store,
    sync,
    system,
    queries,
    searchIndex,
    search: createSearch({
      store,
      queries,
      model: index,
      index: searchIndex,
      offlineTables: tables,
      clock: system.clock,
      grouped: true,
    }),
    tables,
    timeZone,
    host,
    table,
    rules(name, form) {
      // Two forms may have one id only if their columns are the same.
      const key = `${name}/${form?.id ?? ''}`;
      const compiled = compiledRules.get(key) ?? compileRules(model.rules, table(name), form);
      compiledRules.set(key, compiled);
      return compiled;
    },
    flow(flow) {
      const known = compiledFlows.get(flow);
      if (known !== undefined) return known;
      const compiled = compileFlow(flow, index.table).flow;
      compiledFlows.set(flow, compiled);
      return compiled;
    },
    values(name, id) {
      const definition = table(name);
      const image = store.get(name, id);
      const slots = store.schema.get(name)?.slotIndex;
      if (image === null || slots === undefined) return null;
      return cellsToValues(definition, (slot) => image[slots.get(slot) ?? -1] ?? null);
    },
  };
}
