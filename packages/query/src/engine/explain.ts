import type { DeviceStore } from '@outpost/store';
import { adviseIndex, type IndexAdvice } from '../plan/index-advice.ts';
import type { QueryPlan } from '../sql/compile.ts';
import type { Sql } from '../sql/sql-text.ts';

/** How a query runs. */
export interface Explanation {
  readonly statements: readonly (Sql & { readonly name: 'rows' | 'count' | 'guard' })[];
  /** SQLite's plan of the rows statement, a line per step. */
  readonly steps: readonly string[];
  readonly indexes: {
    readonly used: readonly string[];
    /** The index that would let the first page be read without sorting. */
    readonly advised: IndexAdvice | null;
    readonly missing: boolean;
  };
  /** Tables that must be on the device, with the columns whose changes matter. */
  readonly dependsOn: Readonly<Record<string, readonly string[]>>;
  /** Tables that only name targets of lookups. */
  readonly names: readonly string[];
  /** Relative dates; the result changes with time. */
  readonly times: readonly { readonly operator: string; readonly amount: number }[];
}

export function explainPlan(
  store: DeviceStore,
  plan: QueryPlan,
  isFolded: (table: string, slot: string) => boolean,
): Explanation {
  const rows = plan.rows(plan.size, plan.offset);
  const steps = store
    .all(`EXPLAIN QUERY PLAN ${rows.text}`, rows.params)
    .map((row) => String(row.at(-1)));
  const used = steps.flatMap((step) => /USING (?:COVERING )?INDEX (\S+)/.exec(step)?.[1] ?? []);
  const advised = adviseIndex(plan.resolved, isFolded);
  const name = advised === null ? null : `ix_${advised.table}_${advised.columns.join('_')}`;
  const guard = plan.guard === null ? [] : [{ name: 'guard' as const, ...plan.guard.statement }];
  const tables = [...plan.tables].sort();
  return {
    statements: [{ name: 'rows', ...rows }, { name: 'count', ...plan.count }, ...guard],
    steps,
    indexes: { used: [...new Set(used)], advised, missing: name !== null && !used.includes(name) },
    dependsOn: Object.fromEntries(
      tables.map((table) => [table, [...(plan.resolved.columns.get(table) ?? [])].sort()]),
    ),
    names: [...plan.nameTables].filter((table) => !plan.tables.has(table)).sort(),
    times: plan.times,
  };
}
