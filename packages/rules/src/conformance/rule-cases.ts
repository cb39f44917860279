import {
  type BusinessRule,
  type ColumnValue,
  equalValues,
  type RowValues,
  type Table,
} from '@outpost/model';
import { compileRules } from '../rule/program.ts';

/** What a rule must have done: everything it did, a section that is absent stands for nothing. */
export interface RuleExpectation {
  /** Values that rules have written. */
  readonly values?: RowValues;
  readonly required?: Readonly<Record<string, string>>;
  readonly visible?: Readonly<Record<string, boolean>>;
  readonly locked?: Readonly<Record<string, boolean>>;
  /** Messages by column. */
  readonly errors?: Readonly<Record<string, string>>;
}

/** One case for one rule, which runs alone. */
export interface RuleCase {
  /** Name of the rule. */
  readonly rule: string;
  readonly table: string;
  /** `load`: a form is opened on the values; `change`: it was, and then the columns of `changed` get these values. */
  readonly event: 'load' | 'change';
  readonly values: RowValues;
  readonly changed?: RowValues;
  readonly expect: RuleExpectation;
}

export type RuleCaseOutcome =
  | { readonly kind: 'passed' }
  | { readonly kind: 'failed'; readonly message: string; readonly actual: RuleExpectation | null };

const format = 'rule-conformance/1';
const sections = ['values', 'required', 'visible', 'locked', 'errors'] as const;
const maxCases = 100_000;

/** Reads a file of cases. Throws `SyntaxError` for broken JSON, `RangeError` for another shape, with the place. */
export function parseRuleCases(text: string): readonly RuleCase[] {
  const file: unknown = JSON.parse(text);
  if (!isRecord(file) || file['format'] !== format || !Array.isArray(file['cases'])) {
    throw new RangeError(`Expected { "format": "${format}", "cases": [...] }.`);
  }
  const { cases } = file;
  if (cases.length > maxCases) throw new RangeError(`More than ${maxCases} cases.`);
  return cases.map((one: unknown, i) => readCase(one, `cases[${i}]`));
}

function readCase(one: unknown, place: string): RuleCase {
  if (!isRecord(one)) throw new RangeError(`${place} is no object.`);
  const { rule, table, event, values, changed, expect } = one;
  if (typeof rule !== 'string' || typeof table !== 'string') {
    throw new RangeError(`${place} names no rule or no table.`);
  }
  if (event !== 'load' && event !== 'change') {
    throw new RangeError(`${place}.event is "load" or "change".`);
  }
  if (!isRecord(values) || !isRecord(expect)) {
    throw new RangeError(`${place} needs values and expect.`);
  }
  if (isRecord(changed) !== (event === 'change')) {
    throw new RangeError(`${place}.changed belongs to the event "change", and to no other.`);
  }
  for (const key of Object.keys(expect)) {
    if (!sections.some((section) => section === key)) {
      throw new RangeError(`${place}.expect.${key} is not known.`);
    }
  }
  return one as unknown as RuleCase;
}

/** Runs a case against rules and tables, such as those of a solution. */
export function runRuleCase(
  one: RuleCase,
  rules: readonly BusinessRule[],
  tables: readonly Table[],
): RuleCaseOutcome {
  const fail = (message: string): RuleCaseOutcome => ({ kind: 'failed', message, actual: null });
  const table = tables.find(({ name }) => name === one.table);
  if (table === undefined) return fail(`There is no table "${one.table}".`);
  const rule = rules.find(({ name, table: of }) => name === one.rule && of === one.table);
  if (rule === undefined) return fail(`Table "${one.table}" has no rule "${one.rule}".`);
  const named = [one.values, one.changed ?? {}, ...sections.map((key) => one.expect[key] ?? {})];
  const unknown = named
    .flatMap((record) => Object.keys(record))
    .find((column) => !table.columns.some(({ name }) => name === column));
  if (unknown !== undefined) return fail(`Table "${one.table}" has no column "${unknown}".`);
  if (rule.state !== 'active') return fail(`The rule is not active.`);
  const { program, diagnostics } = compileRules([rule], table, null);
  const broken = diagnostics.find((found) => found.severity === 'error');
  if (broken !== undefined) return fail(broken.message);
  const { session, first } = program.open(one.values, 'update');
  const diff = one.changed === undefined ? first : session.change(one.changed);
  const { required, visible, locked, errors } = session.effects;
  const actual: RuleExpectation = { values: diff.values, required, visible, locked, errors };
  const wrong = sections.find((key) => !isSame(one.expect[key] ?? {}, actual[key] ?? {}));
  if (wrong === undefined) return { kind: 'passed' };
  return { kind: 'failed', message: `The ${wrong} differ.`, actual };
}

function isSame(
  a: Readonly<Record<string, unknown>>,
  b: Readonly<Record<string, unknown>>,
): boolean {
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].every(
    (key) =>
      Object.hasOwn(a, key) === Object.hasOwn(b, key) &&
      equalValues(a[key] as ColumnValue, b[key] as ColumnValue),
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
