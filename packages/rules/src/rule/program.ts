import {
  type BusinessRule,
  type Diagnostic,
  dataverseErrors,
  equalValues,
  type RowValues,
  type Table,
} from '@outpost/model';
import { isEmpty } from './cells.ts';
import { checkRule } from './check.ts';
import { actionsOf, compileProgram, triggersOf } from './compiled-rule.ts';
import type { EffectsDiff } from './effects.ts';
import { type LeftOut, RuleSession, type SessionOptions } from './rule-session.ts';

export interface RuleRefusal {
  /** Name of the rule. */
  readonly rule: string;
  readonly column: string;
  readonly message: string;
  readonly code: string;
}

export type TableScopeResult =
  | { readonly kind: 'accepted'; readonly values: RowValues }
  | { readonly kind: 'refused'; readonly errors: readonly RuleRefusal[] };

export interface RuleOptions extends Partial<SessionOptions> {
  /** Whether `notEquals` holds where a side is empty. Default false. */
  readonly emptyNotEquals?: boolean;
  /** Whether a required level that a table-scope rule sets refuses an empty column. Default true. */
  readonly requiredOnServer?: boolean;
}

/** Compiled rules of one table. The same program runs on the device and on the server. */
export interface Program {
  /** Columns that the rules speak of. */
  readonly columns: readonly string[];
  /** Names the set of active rules: equal sets have equal versions. */
  readonly ruleVersion: string;
  /** Rules that run on the form, in order of activation. */
  readonly rules: readonly BusinessRule[];
  /**
   * Which branch of each of `rules` the values choose as they are, -1 for none, with nothing done about it. The branch
   * after the last one is `otherwise`.
   */
  decide(values: RowValues): readonly number[];
  /** A row on a form: every rule has run as at load; `first` is what they changed. */
  open(
    values: RowValues,
    mode: 'create' | 'update',
  ): { readonly session: RuleSession; readonly first: EffectsDiff };
  /**
   * Table-scope rules around a save: add values, or refuse. They run again on what they have written until it stays as it
   * is, so that the organization leaves alone what a device has saved. Rules that never come to rest, such as one that adds
   * to its own column, run once.
   */
  runTableScope(before: RowValues | null, after: RowValues): TableScopeResult;
}

export interface CompiledRules {
  readonly program: Program;
  readonly diagnostics: readonly Diagnostic[];
}

/** A form: rules that reference a column it lacks do not run there. */
export interface FormColumns {
  readonly id: string;
  readonly columns: readonly string[];
}

/**
 * Compiles the active rules of a table. A rule with an error in its definition is left out, with diagnostics, as a
 * whole. Null for a form: every rule runs.
 */
export function compileRules(
  rules: readonly BusinessRule[],
  table: Table,
  form: FormColumns | null,
  options: RuleOptions = {},
): CompiledRules {
  const diagnostics: Diagnostic[] = [];
  const leftOut: LeftOut[] = [];
  const usable = rules
    .filter((rule) => rule.table === table.name)
    .sort((a, b) => a.order - b.order || (a.id < b.id ? -1 : 1))
    .filter((rule) => {
      if (rule.state !== 'active') {
        leftOut.push({ rule, state: 'draft', missing: [] });
        return false;
      }
      const found = checkRule(rule, table);
      diagnostics.push(...found);
      const isBroken = found.some((one) => one.severity === 'error');
      if (isBroken) leftOut.push({ rule, state: 'invalid', missing: [] });
      return !isBroken;
    });
  const onForm = usable.filter((rule) => {
    const reason = whyNotOnForm(rule, form);
    if (reason === null) return true;
    leftOut.push(reason);
    if (reason.state === 'columnNotOnForm') {
      diagnostics.push({
        severity: 'warning',
        code: 'rule.columnNotOnForm',
        message: `The rule does not run on this form, which lacks ${reason.missing.join(', ')}.`,
        location: `rule "${rule.name}"`,
      });
    }
    return false;
  });
  return { program: createProgram(usable, onForm, leftOut, table, options), diagnostics };
}

function whyNotOnForm(rule: BusinessRule, form: FormColumns | null): LeftOut | null {
  if (form === null) return null;
  if (typeof rule.scope === 'object' && rule.scope.form !== form.id) {
    return { rule, state: 'otherForm', missing: [] };
  }
  const named = new Set([...triggersOf(rule), ...actionsOf(rule).map((one) => one.column)]);
  const missing = [...named].filter((column) => !form.columns.includes(column));
  return missing.length === 0 ? null : { rule, state: 'columnNotOnForm', missing };
}

function createProgram(
  usable: readonly BusinessRule[],
  onForm: readonly BusinessRule[],
  leftOut: readonly LeftOut[],
  table: Table,
  options: RuleOptions,
): Program {
  const { emptyNotEquals = false, requiredOnServer = true } = options;
  const session: SessionOptions = {
    chaining: options.chaining ?? 'fixpoint',
    reversal: options.reversal ?? 'none',
    maxPasses: options.maxPasses ?? 10,
  };
  const formProgram = compileProgram(onForm, table, { emptyNotEquals });
  const { readsCells } = formProgram.decisions;
  const tableRules = usable.filter((rule) => rule.scope === 'table');
  const tableProgram = compileProgram(tableRules, table, { emptyNotEquals });
  return {
    columns: formProgram.columns,
    ruleVersion: versionOf(usable),
    rules: onForm,
    decide(values) {
      const { columns, rules, decisions } = formProgram;
      const keys = decisions.keysOf(values, columns);
      const cells = readsCells ? columns.map((column) => values[column] ?? null) : [];
      return rules.map((one) => decisions.choose(one.entry, cells, keys));
    },
    open(values, mode) {
      const opened = new RuleSession(formProgram, session, leftOut, values);
      return { session: opened, first: opened.load(mode) };
    },
    runTableScope(before, after) {
      // Until nothing changes: what one side has saved, the other side's run leaves as it is.
      const first = runOnce(before, after);
      let last = first;
      let values: RowValues = {};
      for (let round = 0; round < session.maxPasses; round++) {
        if (last.kind === 'refused') return last;
        if (Object.keys(last.values).length === 0) return { kind: 'accepted', values };
        values = { ...values, ...last.values };
        last = runOnce(before, { ...after, ...values });
      }
      return first;
    },
  };

  function runOnce(before: RowValues | null, after: RowValues): TableScopeResult {
    const opened = new RuleSession(tableProgram, session, [], after);
    const { values, diagnostics } =
      before === null
        ? opened.load('create')
        : opened.trigger(
            tableProgram.columns.filter(
              (column) => !equalValues(before[column] ?? null, after[column] ?? null),
            ),
            false,
          );
    const { errors, required } = opened.effects;
    const row = { ...after, ...values };
    const refuse = (column: string, message: string, kind: 'error' | 'required') => ({
      rule: opened.explain(column)[kind]?.rule ?? '',
      column,
      message,
      code: dataverseErrors.isvAborted,
    });
    const missing = Object.entries(required).filter(
      ([column, level]) => requiredOnServer && level === 'required' && isEmpty(row[column]),
    );
    const refusals = [
      ...Object.entries(errors).map(([column, message]) => refuse(column, message, 'error')),
      ...missing.map(([column]) => refuse(column, `"${column}" is required.`, 'required')),
      ...diagnostics.map(({ message }) => ({
        rule: '',
        column: '',
        message,
        code: dataverseErrors.isvAborted,
      })),
    ];
    return refusals.length > 0
      ? { kind: 'refused', errors: refusals }
      : { kind: 'accepted', values };
  }
}

/** A short name of a set of rules. */
function versionOf(rules: readonly BusinessRule[]): string {
  const text = JSON.stringify(rules);
  let [a, b] = [0x811c9dc5, 0x9e3779b1];
  for (let i = 0; i < text.length; i++) {
    a = Math.imul(a ^ text.charCodeAt(i), 0x01000193);
    b = Math.imul(b ^ text.charCodeAt(i), 0x5bd1e995) ^ (b >>> 13);
  }
  return `${(a >>> 0).toString(16).padStart(8, '0')}${(b >>> 0).toString(16).padStart(8, '0')}`;
}
