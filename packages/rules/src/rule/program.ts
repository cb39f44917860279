import {
  type BusinessRule,
  type ColumnValue,
  type Diagnostic,
  dataverseErrors,
  equalValues,
  type RequirementLevel,
  type RowValues,
  type RuleAction,
  type Table,
} from '@outpost/model';
import { actionsOf } from './actions-of.ts';
import { checkRule } from './check.ts';
import { compileCondition, conditionColumns, type Predicate, readOperand } from './condition.ts';

/** What the rules say about a row right now. Columns that no rule speaks of are absent. */
export interface Effects {
  readonly required: Readonly<Record<string, RequirementLevel>>;
  readonly visible: Readonly<Record<string, boolean>>;
  readonly locked: Readonly<Record<string, boolean>>;
  readonly errors: Readonly<Record<string, string>>;
  readonly recommendations: readonly Recommendation[];
}

export interface Recommendation {
  /** Names the recommendation to `accept`. */
  readonly id: string;
  readonly column: string;
  readonly title: string;
  readonly text: string;
}

export interface RuleRun {
  /** Values the rules wrote, by column. */
  readonly values: RowValues;
  readonly effects: Effects;
}

export interface RuleRefusal {
  readonly rule: string;
  readonly column: string;
  readonly message: string;
  readonly code: string;
}

export type TableScopeResult =
  | { readonly kind: 'accepted'; readonly values: RowValues }
  | { readonly kind: 'refused'; readonly errors: readonly RuleRefusal[] };

/** Compiled rules of one table. The same program runs on the device and on the server. */
export interface Program {
  /** Runs the rules of a form as at load: every rule, in order of activation. */
  load(row: RowValues, mode: 'create' | 'update'): RuleRun;
  /** Runs the rules that reference one of the changed columns, keeping the other effects of `earlier`. */
  change(earlier: RuleRun, row: RowValues, changed: readonly string[]): RuleRun;
  /** Values that an accepted recommendation sets. */
  accept(recommendation: string, row: RowValues): RowValues;
  /** Table-scope rules around a save: add values, or refuse. */
  runTableScope(before: RowValues | null, after: RowValues): TableScopeResult;
}

export interface CompiledRules {
  readonly program: Program;
  readonly diagnostics: readonly Diagnostic[];
}

/** At most this many passes while rules trigger each other. */
const maxPasses = 10;

interface CompiledRule {
  readonly rule: BusinessRule;
  readonly branches: readonly { readonly when: Predicate; readonly then: readonly RuleAction[] }[];
  readonly reads: ReadonlySet<string>;
}

interface State {
  values: Record<string, ColumnValue>;
  required: Record<string, RequirementLevel>;
  visible: Record<string, boolean>;
  locked: Record<string, boolean>;
  errors: Map<string, { readonly column: string; readonly message: string }>;
  recommendations: Map<string, Recommendation>;
}

/**
 * Compiles the active rules of a table. A rule with an error in its definition is left out, with diagnostics, as a
 * whole. `form` names a form's columns: rules that reference a column it lacks do not run there.
 */
export function compileRules(
  rules: readonly BusinessRule[],
  table: Table,
  form: { readonly id: string; readonly columns: readonly string[] } | null,
): CompiledRules {
  const diagnostics: Diagnostic[] = [];
  const compiled: CompiledRule[] = [];
  const ordered = rules
    .filter((rule) => rule.state === 'active' && rule.table === table.name)
    .sort((a, b) => a.order - b.order);
  for (const rule of ordered) {
    const found = checkRule(rule, table);
    diagnostics.push(...found);
    if (found.some((one) => one.severity === 'error')) continue;
    compiled.push({
      rule,
      branches: rule.branches.map((branch) => ({
        when: compileCondition(branch.when),
        then: branch.then,
      })),
      reads: new Set(referencedColumns(rule)),
    });
  }
  const onForm = compiled.filter((one) => runsOnForm(one, form));
  const tableScope = compiled.filter((one) => one.rule.scope === 'table');
  return { program: createProgram(onForm, tableScope), diagnostics };
}

function referencedColumns(rule: BusinessRule): readonly string[] {
  const actions = actionsOf(rule);
  const operands = actions.flatMap((action) =>
    'value' in action && 'column' in action.value ? [action.value.column] : [],
  );
  return [...rule.branches.flatMap((branch) => conditionColumns(branch.when)), ...operands];
}

function runsOnForm(
  { rule, reads }: CompiledRule,
  form: { readonly id: string; readonly columns: readonly string[] } | null,
): boolean {
  if (form === null) return true;
  if (typeof rule.scope === 'object' && rule.scope.form !== form.id) return false;
  const actionColumns = actionsOf(rule).map((action) => action.column);
  return [...reads, ...actionColumns].every((column) => form.columns.includes(column));
}

function createProgram(
  onForm: readonly CompiledRule[],
  tableScope: readonly CompiledRule[],
): Program {
  return {
    load: (row, mode) => run(onForm, emptyState(), row, null, mode),
    change: (earlier, row, changed) =>
      run(onForm, stateOf(earlier), row, new Set(changed), 'update'),
    accept: (id, row) => acceptRecommendation(onForm, id, row),
    runTableScope(before, after) {
      const changed =
        before === null
          ? null
          : new Set(
              Object.keys(after).filter(
                (column) => !equalValues(before[column] ?? null, after[column] ?? null),
              ),
            );
      const mode = before === null ? 'create' : 'update';
      const ran = run(tableScope, emptyState(), after, changed, mode);
      const errors = Object.entries(ran.effects.errors).map(([column, message]) => ({
        rule: ruleOfError(tableScope, column, message),
        column,
        message,
        code: dataverseErrors.isvAborted,
      }));
      const row = { ...after, ...ran.values };
      const missing = Object.entries(ran.effects.required).flatMap(([column, level]) =>
        level === 'required' && (row[column] ?? null) === null
          ? [
              {
                rule: '',
                column,
                message: `"${column}" is required.`,
                code: dataverseErrors.isvAborted,
              },
            ]
          : [],
      );
      const refusals = [...errors, ...missing];
      return refusals.length > 0
        ? { kind: 'refused', errors: refusals }
        : { kind: 'accepted', values: ran.values };
    },
  };
}

function emptyState(): State {
  return {
    values: {},
    required: {},
    visible: {},
    locked: {},
    errors: new Map(),
    recommendations: new Map(),
  };
}

function stateOf(run: RuleRun): State {
  const errors = Object.entries(run.effects.errors).map(
    ([column, message]) => [column, { column, message }] as const,
  );
  return {
    values: {},
    required: { ...run.effects.required },
    visible: { ...run.effects.visible },
    locked: { ...run.effects.locked },
    errors: new Map(errors),
    recommendations: new Map(run.effects.recommendations.map((one) => [one.id, one])),
  };
}

/** Runs triggered rules in order; values they write trigger the other rules that read them. */
function run(
  rules: readonly CompiledRule[],
  state: State,
  row: RowValues,
  changed: ReadonlySet<string> | null,
  mode: 'create' | 'update',
): RuleRun {
  const current: Record<string, ColumnValue> = { ...row };
  let triggered = new Set(
    rules.filter(
      ({ reads }) => changed === null || [...reads].some((column) => changed.has(column)),
    ),
  );
  for (let pass = 0; pass < maxPasses && triggered.size > 0; pass++) {
    const next = new Set<CompiledRule>();
    for (const [position, one] of rules.entries()) {
      if (!triggered.has(one)) continue;
      const branch = one.branches.find(({ when }) => when(current));
      const actions = branch?.then ?? one.rule.otherwise ?? [];
      clearTransient(state, one.rule);
      for (const action of actions) {
        const written = applyAction(action, one.rule, state, current, mode);
        if (written === null) continue;
        for (const [otherPosition, other] of rules.entries()) {
          // A rule is never triggered by its own writes: its message would vanish before anyone reads it.
          if (other === one || !other.reads.has(written)) continue;
          if (otherPosition > position) triggered.add(other);
          else next.add(other);
        }
      }
    }
    triggered = next;
  }
  const errors = [...state.errors.values()].map(
    ({ column, message }) => [column, message] as const,
  );
  return {
    values: state.values,
    effects: {
      required: state.required,
      visible: state.visible,
      locked: state.locked,
      errors: Object.fromEntries(errors),
      recommendations: [...state.recommendations.values()],
    },
  };
}

/** Errors and recommendations exist only while their branch is chosen; the other effects stay (as in Dataverse). */
function clearTransient(state: State, rule: BusinessRule): void {
  const actions = actionsOf(rule);
  for (const action of actions) {
    if (action.kind === 'error' && state.errors.get(action.column)?.message === action.message) {
      state.errors.delete(action.column);
    }
    if (action.kind === 'recommend') state.recommendations.delete(recommendationId(rule, action));
  }
}

function recommendationId(rule: BusinessRule, action: RuleAction): string {
  return `${rule.id}/${action.column}`;
}

/** Applies one action; answers the column it changed, if any. */
function applyAction(
  action: RuleAction,
  rule: BusinessRule,
  state: State,
  row: Record<string, ColumnValue>,
  mode: 'create' | 'update',
): string | null {
  switch (action.kind) {
    case 'setValue':
      return assign(state, row, action.column, readOperand(action.value, row));
    case 'setDefault':
      if (mode !== 'create' || (row[action.column] ?? null) !== null) return null;
      return assign(state, row, action.column, readOperand(action.value, row));
    case 'clear':
      return assign(state, row, action.column, null);
    case 'require':
      state.required[action.column] = action.level;
      return null;
    case 'visible':
      state.visible[action.column] = action.visible;
      return null;
    case 'lock':
      state.locked[action.column] = action.locked;
      return null;
    case 'error':
      state.errors.set(action.column, { column: action.column, message: action.message });
      return null;
    case 'recommend': {
      const { column, title, text } = action;
      const id = recommendationId(rule, action);
      state.recommendations.set(id, { id, column, title, text });
      return null;
    }
    default:
      return action satisfies never;
  }
}

function assign(
  state: State,
  row: Record<string, ColumnValue>,
  column: string,
  value: ColumnValue,
): string | null {
  if (equalValues(row[column] ?? null, value)) return null;
  row[column] = value;
  state.values[column] = value;
  return column;
}

function acceptRecommendation(
  rules: readonly CompiledRule[],
  id: string,
  row: RowValues,
): RowValues {
  const values: Record<string, ColumnValue> = {};
  for (const { rule } of rules) {
    const actions = actionsOf(rule);
    for (const action of actions) {
      if (action.kind !== 'recommend' || recommendationId(rule, action) !== id) continue;
      for (const inner of action.actions) {
        if (inner.kind === 'setValue') values[inner.column] = readOperand(inner.value, row);
        if (inner.kind === 'clear') values[inner.column] = null;
      }
    }
  }
  return values;
}

function ruleOfError(rules: readonly CompiledRule[], column: string, message: string): string {
  const owner = rules.find(({ rule }) =>
    actionsOf(rule).some(
      (action) => action.kind === 'error' && action.column === column && action.message === message,
    ),
  );
  return owner?.rule.name ?? '';
}
