import type { BusinessRule, RequirementLevel, RuleAction, Table } from '@outpost/model';
import { type Cells, Slots } from './cells.ts';
import { kindOfColumn } from './column-kind.ts';
import { type Clause, conditionColumns } from './condition.ts';
import { type ConditionOptions, DecisionCompiler, type Decisions, type Entry } from './decision.ts';
import { scaleOf } from './key.ts';
import { compileOperand, operandColumns, type Read } from './operand.ts';

/** A write of a branch: `setDefault` only into an empty column of a new row. */
export interface CompiledWrite {
  readonly slot: number;
  readonly read: Read;
  readonly isDefault: boolean;
}

export interface CompiledRule {
  readonly rule: BusinessRule;
  /** Where its conditions begin in the decisions of the program. */
  readonly entry: Entry;
  /** What each branch writes; the last is `otherwise`, if there is one. */
  readonly writes: readonly (readonly CompiledWrite[])[];
  /** Slots whose change triggers it. */
  readonly reads: readonly number[];
  /** What its branches speak of, whichever is chosen: numbers of the program's targets. */
  readonly targets: readonly number[];
}

/** What rules say of columns besides values. */
export type EffectKind = 'required' | 'visible' | 'locked' | 'error';
export interface Target {
  readonly kind: EffectKind;
  readonly slot: number;
  readonly column: string;
  /** What speaks of it, in order: the last one in force wins. */
  readonly contributions: readonly Contribution[];
}

/** One branch of one rule speaks of a column. */
export interface Contribution {
  readonly rule: number;
  readonly branch: number;
  readonly value: RequirementLevel | boolean | string;
}

export interface CompiledRecommendation {
  readonly id: string;
  readonly rule: number;
  readonly branch: number;
  readonly action: Extract<RuleAction, { kind: 'recommend' }>;
  readonly writes: readonly CompiledWrite[];
}

/** Rules that run together, with everything that is shared between them. */
export interface CompiledProgram {
  readonly rules: readonly CompiledRule[];
  readonly decisions: Decisions;
  readonly columns: readonly string[];
  readonly slotOf: ReadonlyMap<string, number>;
  /** Rules that read a slot. */
  readonly rulesOf: readonly (readonly number[])[];
  readonly targets: readonly Target[];
  /** Whether a comparison holds; to explain. */
  holds(clause: Clause, cells: Cells): boolean;
  /** Number of every rule, in order. */
  readonly everyRule: readonly number[];
  readonly recommendations: readonly CompiledRecommendation[];
}

/** Compiles rules in their order of activation. Everything in them must have been checked. */
export function compileProgram(
  rules: readonly BusinessRule[],
  table: Table,
  options: ConditionOptions,
): CompiledProgram {
  const slots = new Slots();
  const conditions = new DecisionCompiler(table, slots, options);
  const targets: (Target & { readonly contributions: Contribution[] })[] = [];
  const targetOf = (kind: EffectKind, column: string): number => {
    const known = targets.findIndex((one) => one.kind === kind && one.column === column);
    if (known >= 0) return known;
    return targets.push({ kind, slot: slots.slotOf(column), column, contributions: [] }) - 1;
  };
  const recommendations: CompiledRecommendation[] = [];
  const writeOf = (action: RuleAction): CompiledWrite[] => {
    if (action.kind === 'clear') {
      return [{ slot: slots.slotOf(action.column), read: () => null, isDefault: false }];
    }
    if (action.kind !== 'setValue' && action.kind !== 'setDefault') return [];
    const read = rounded(table, action.column, compileOperand(action.value, slots));
    const isDefault = action.kind === 'setDefault';
    return [{ slot: slots.slotOf(action.column), read, isDefault }];
  };
  const compiled = rules.map((rule, number): CompiledRule => {
    const own = new Set<number>();
    const writesOf = (actions: readonly RuleAction[], branch: number) => {
      for (const action of actions) {
        const said = saidBy(action);
        if (said !== null) {
          const target = targetOf(said.kind, action.column);
          targets[target]?.contributions.push({ rule: number, branch, value: said.value });
          own.add(target);
        }
        if (action.kind === 'recommend') {
          const id = `${rule.id}/${branch}/${action.column}`;
          const writes = action.actions.flatMap(writeOf);
          recommendations.push({ id, rule: number, branch, action, writes });
        }
      }
      return actions.flatMap(writeOf);
    };
    const writes = rule.branches.map((one, i) => writesOf(one.then, i));
    if (rule.otherwise !== undefined) {
      writes.push(writesOf(rule.otherwise, rule.branches.length));
    }
    const entry = conditions.compile(
      rule.branches.map((one) => one.when),
      rule.otherwise !== undefined,
    );
    const reads = [...new Set(triggersOf(rule))].map((column) => slots.slotOf(column));
    return { rule, entry, writes, reads, targets: [...own] };
  });
  const { columns } = slots;
  const slotOf = new Map(columns.map((column, slot) => [column, slot]));
  const rulesOf: number[][] = columns.map(() => []);
  for (const [i, { reads }] of compiled.entries()) for (const slot of reads) rulesOf[slot]?.push(i);
  return {
    rules: compiled,
    decisions: conditions.finish(columns.length),
    columns,
    slotOf,
    rulesOf,
    holds: (clause, cells) => {
      const one = new DecisionCompiler(
        table,
        { slotOf: (name) => slotOf.get(name) ?? -1 },
        options,
      );
      const entry = one.compile([clause], false);
      const decisions = one.finish(columns.length);
      return decisions.choose(entry, cells, decisions.keys(cells)) === 0;
    },
    targets,
    everyRule: compiled.map((_, i) => i),
    recommendations,
  };
}

/** Columns whose change triggers a rule: those of its conditions and of the values it sets. */
export function triggersOf(rule: BusinessRule): readonly string[] {
  const operands = actionsOf(rule).flatMap((action) =>
    'value' in action ? operandColumns(action.value) : [],
  );
  return [...rule.branches.flatMap((branch) => conditionColumns(branch.when)), ...operands];
}

/** Every action a rule may take, whichever branch is chosen. */
export function actionsOf(rule: BusinessRule): readonly RuleAction[] {
  return [...rule.branches.flatMap((branch) => branch.then), ...(rule.otherwise ?? [])];
}

function saidBy(action: RuleAction): (Pick<Target, 'kind'> & Pick<Contribution, 'value'>) | null {
  switch (action.kind) {
    case 'require':
      return { kind: 'required', value: action.level };
    case 'visible':
      return { kind: 'visible', value: action.visible };
    case 'lock':
      return { kind: 'locked', value: action.locked };
    case 'error':
      return { kind: 'error', value: action.message };
    default:
      return null;
  }
}

/** Numbers that rules compute have the decimals of their column. */
function rounded(table: Table, name: string, read: Read): Read {
  const column = table.columns.find((one) => one.name === name);
  if (column === undefined || kindOfColumn(column) !== 'number') return read;
  const scale = scaleOf(column);
  return (cells) => {
    const value = read(cells);
    return typeof value === 'number' ? Math.round(value * scale) / scale : value;
  };
}
