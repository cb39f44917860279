import { type Cell, fold } from '@outpost/model';
import type { DateGrouping } from '../fetch-xml/ast.ts';
import { joinLabels } from '../predicate/evaluate.ts';
import { datePart } from '../time/date-part.ts';

/** A function that the SQL of queries calls; a database that runs them must define it. Deterministic. */
export interface SqlFunctionDefinition {
  readonly name: string;
  readonly arity: number;
  readonly run: (...cells: readonly Cell[]) => Cell;
}

/** All functions that compiled queries may call. */
export const sqlFunctions: readonly SqlFunctionDefinition[] = [
  {
    name: 'outpost_fold',
    arity: 1,
    run: (text = null) => (text === null ? null : fold(String(text))),
  },
  {
    name: 'outpost_datepart',
    arity: 6,
    run: (cell = null, part, timeZone, weekStart, fiscalStart, fiscalPeriod) =>
      datePart(cell, String(part) as DateGrouping, {
        timeZone: String(timeZone),
        weekStart: Number(weekStart),
        fiscalStart: String(fiscalStart),
        fiscalPeriod: String(fiscalPeriod),
      }),
  },
  {
    name: 'outpost_labels',
    arity: 2,
    run: (cell = null, json = null) => {
      const labels = JSON.parse(String(json ?? '{}')) as Readonly<Record<string, string>>;
      return joinLabels(cell, (value) => labels[value]);
    },
  },
];
