import {
  type ColumnValue,
  type Diagnostic,
  equalValues,
  type RequirementLevel,
  type RowValues,
} from '@outpost/model';
import { BehaviorSubject, defer, type Observable } from 'rxjs';
import { type Cells, isEmpty } from './cells.ts';
import type {
  CompiledProgram,
  CompiledRecommendation,
  CompiledRule,
  CompiledWrite,
  Contribution,
  EffectKind,
  Target,
} from './compiled-rule.ts';
import { type Clause, clausesOf } from './condition.ts';
import { noBranch } from './decision.ts';
import type {
  ClauseState,
  ColumnExplanation,
  Decision,
  Effects,
  EffectsDiff,
  Recommendation,
  RuleExplanation,
  RuleState,
} from './effects.ts';
import { compileOperand } from './operand.ts';

/** How rules follow each other. */
export interface SessionOptions {
  /** `fixpoint`: what a rule writes triggers the other rules that read it; `dataverse`: one pass in order. */
  readonly chaining: 'fixpoint' | 'dataverse';
  /** `auto`: what a branch says holds while it is chosen; `none`: until another branch of the rule is. */
  readonly reversal: 'none' | 'auto';
  readonly maxPasses: number;
}

/** A rule that is not in the program, and why. */
export interface LeftOut {
  readonly rule: { readonly id: string; readonly name: string };
  readonly state: 'draft' | 'otherForm' | 'columnNotOnForm' | 'invalid';
  readonly missing: readonly string[];
}

/**
 * The rules of a form at work on one row. A change re-evaluates what depends on the changed columns and nothing else, and
 * answers with what is different.
 */
export class RuleSession {
  readonly #program: CompiledProgram;
  readonly #options: SessionOptions;
  readonly #leftOut: readonly LeftOut[];
  readonly #cells: Cells;
  /** What the conditions compare, by slot. */
  readonly #keys: number[];
  /** Branch chosen when the rule was last triggered; -1: none. */
  readonly #chosen: number[];
  /** Branch chosen last, even when none is now. */
  readonly #sticky: number[];
  /** 1: the rule was triggered at least once. */
  readonly #ran: number[];
  /** Number of the step in which a target was looked at, of the pass for which a rule is queued. */
  readonly #seen: number[];
  readonly #queued: number[];
  #stamp = 0;
  readonly #accepted = new Set<string>();
  readonly #shown = new Map<string, Recommendation>();
  readonly #writers = new Map<number, { readonly rule: number; readonly branch: number }>();
  readonly #required: Record<string, RequirementLevel> = {};
  readonly #visible: Record<string, boolean> = {};
  readonly #locked: Record<string, boolean> = {};
  readonly #errors: Record<string, string> = {};
  #evaluations = 0;
  #observed: BehaviorSubject<RuleState> | null = null;

  constructor(
    program: CompiledProgram,
    options: SessionOptions,
    leftOut: readonly LeftOut[],
    values: RowValues,
  ) {
    this.#program = program;
    this.#options = options;
    this.#leftOut = leftOut;
    this.#cells = program.columns.map((column) => values[column] ?? null);
    this.#keys = program.decisions.keys(this.#cells);
    const { length } = program.rules;
    this.#chosen = new Array<number>(length).fill(noBranch);
    this.#sticky = new Array<number>(length).fill(noBranch);
    this.#ran = new Array<number>(length).fill(0);
    this.#seen = new Array<number>(program.targets.length).fill(0);
    this.#queued = new Array<number>(length).fill(0);
  }

  /** Everything the rules say now. */
  get effects(): Effects {
    return {
      required: { ...this.#required },
      visible: { ...this.#visible },
      locked: { ...this.#locked },
      errors: { ...this.#errors },
      recommendations: [...this.#shown.values()],
    };
  }

  /** The values with everything the rules say of them: now, and after each change. Never fails or completes. */
  get state$(): Observable<RuleState> {
    return defer(() => {
      this.#observed ??= new BehaviorSubject(this.#state());
      return this.#observed;
    });
  }

  /** Rules evaluated so far; for tests that count work. */
  get evaluations(): number {
    return this.#evaluations;
  }

  /** As at load: every rule, in order of activation. Of a new row, defaults are set. */
  load(mode: 'create' | 'update'): EffectsDiff {
    return this.#step(this.#program.everyRule, mode === 'create');
  }

  /** The columns have changed: rules that look at one of them run. */
  change(values: RowValues): EffectsDiff {
    const changed: number[] = [];
    for (const [column, value] of Object.entries(values)) {
      const slot = this.#program.slotOf.get(column);
      if (slot === undefined) continue;
      this.#put(slot, value);
      this.#writers.delete(slot);
      changed.push(slot);
    }
    return this.#step(
      changed.flatMap((slot) => this.#program.rulesOf[slot] ?? []),
      false,
    );
  }

  /** Runs the rules that one of the columns triggers, on the values as they are. */
  trigger(columns: Iterable<string>, isNew: boolean): EffectsDiff {
    const rules = [...columns].flatMap((column) => {
      const slot = this.#program.slotOf.get(column);
      return slot === undefined ? [] : (this.#program.rulesOf[slot] ?? []);
    });
    return this.#step(rules, isNew);
  }

  /** Does what a recommendation recommends. Nothing for one that is not shown. */
  accept(id: string): EffectsDiff {
    const found = this.#program.recommendations.find((one) => one.id === id);
    if (found === undefined || !this.#shown.has(id)) return this.#step([], false);
    this.#accepted.add(id);
    const values: Record<string, ColumnValue> = {};
    for (const { slot, read, isDefault } of found.writes) {
      if (isDefault && !isEmpty(this.#cells[slot])) continue;
      values[this.#nameOf(slot)] = read(this.#cells);
    }
    const diff = this.change(values);
    return { ...diff, values: { ...values, ...diff.values } };
  }

  /** Why a column is as it is. */
  explain(column: string): ColumnExplanation {
    const slot = this.#program.slotOf.get(column);
    if (slot === undefined) {
      return {
        column,
        value: null,
        writtenBy: null,
        required: null,
        visible: null,
        locked: null,
        error: null,
      };
    }
    const value = this.#cells[slot] ?? null;
    const writer = this.#writers.get(slot);
    return {
      column,
      value,
      writtenBy: writer === undefined ? null : this.#decision(writer, [], value),
      required: this.#explainEffect('required', slot),
      visible: this.#explainEffect('visible', slot),
      locked: this.#explainEffect('locked', slot),
      error: this.#explainEffect('error', slot),
    };
  }

  /** Why a rule, named by its id, does what it does, or nothing. */
  whyNot(id: string): RuleExplanation {
    const number = this.#program.rules.findIndex((one) => one.rule.id === id);
    const compiled = this.#program.rules[number];
    if (compiled === undefined) {
      const left = this.#leftOut.find((one) => one.rule.id === id);
      return {
        rule: left?.rule.name ?? id,
        state: left?.state ?? 'unknown',
        branch: null,
        missing: left?.missing ?? [],
        branches: [],
      };
    }
    const { rule } = compiled;
    const chosen = this.#chosen[number] ?? noBranch;
    const isOtherwise = chosen === rule.branches.length;
    const state =
      this.#ran[number] === 0
        ? 'notTriggered'
        : chosen === noBranch
          ? 'noBranch'
          : isOtherwise
            ? 'otherwise'
            : 'chosen';
    return {
      rule: rule.name,
      state,
      branch: state === 'chosen' ? chosen : null,
      missing: [],
      branches: rule.branches.map(({ when }) => clausesOf(when).map((one) => this.#clause(one))),
    };
  }

  // Evaluation

  #step(triggered: readonly number[], isNew: boolean): EffectsDiff {
    const before = new Map<number, ColumnValue>();
    const evaluated: number[] = [];
    const diagnostics: Diagnostic[] = [];
    let queue = triggered === this.#program.everyRule ? [...triggered] : ascending(triggered);
    for (let pass = 0; queue.length > 0; pass++) {
      if (pass === this.#options.maxPasses) {
        diagnostics.push(this.#cycle(queue));
        break;
      }
      const next = new Set<number>();
      this.#stamp += 1;
      for (const number of queue) this.#queued[number] = this.#stamp;
      for (let i = 0; i < queue.length; i++) {
        const number = queue[i] ?? 0;
        evaluated.push(number);
        const written = this.#evaluate(number, isNew, before);
        if (this.#options.chaining === 'dataverse') continue;
        for (const slot of written) {
          for (const reader of this.#program.rulesOf[slot] ?? []) {
            // A rule is never triggered by its own writes: its message would vanish before anyone reads it.
            if (reader < number) next.add(reader);
            else if (reader > number && this.#queued[reader] !== this.#stamp) {
              this.#queued[reader] = this.#stamp;
              insertInOrder(queue, reader, i + 1);
            }
          }
        }
      }
      queue = ascending(next);
    }
    return this.#diff(evaluated, before, diagnostics);
  }

  /** Chooses the branch of a rule and carries out its writes; answers the slots that changed. */
  #evaluate(number: number, isNew: boolean, before: Map<number, ColumnValue>): readonly number[] {
    const compiled = this.#program.rules[number] as CompiledRule;
    this.#evaluations += 1;
    this.#ran[number] = 1;
    const branch = this.#program.decisions.choose(compiled.entry, this.#cells, this.#keys);
    if (branch !== this.#chosen[number] && this.#accepted.size > 0) {
      for (const one of this.#program.recommendations) {
        if (one.rule === number) this.#accepted.delete(one.id);
      }
    }
    this.#chosen[number] = branch;
    if (branch === noBranch) return [];
    this.#sticky[number] = branch;
    const changed: number[] = [];
    for (const write of compiled.writes[branch] ?? []) {
      if (this.#write(write, number, branch, isNew, before)) changed.push(write.slot);
    }
    return changed;
  }

  #write(
    { slot, read, isDefault }: CompiledWrite,
    rule: number,
    branch: number,
    isNew: boolean,
    before: Map<number, ColumnValue>,
  ): boolean {
    const old = this.#cells[slot] ?? null;
    if (isDefault && (!isNew || !isEmpty(old))) return false;
    const value = read(this.#cells);
    if (equalValues(old, value)) return false;
    if (!before.has(slot)) before.set(slot, old);
    this.#put(slot, value);
    this.#writers.set(slot, { rule, branch });
    return true;
  }

  #put(slot: number, value: ColumnValue): void {
    this.#cells[slot] = value;
    this.#keys[slot] = this.#program.decisions.key(slot, value);
  }

  #cycle(running: readonly number[]): Diagnostic {
    const names = running.map((i) => `"${this.#program.rules[i]?.rule.name}"`);
    return {
      severity: 'error',
      code: 'rule.cycleLimit',
      message: `Rules trigger each other without end: ${names.join(', ')}. Their values stay as they are after ${this.#options.maxPasses} passes.`,
      location: names.join(', '),
    };
  }

  // Effects

  #diff(
    rules: readonly number[],
    before: ReadonlyMap<number, ColumnValue>,
    diagnostics: readonly Diagnostic[],
  ): EffectsDiff {
    const values: Record<string, ColumnValue> = {};
    for (const [slot, old] of before) {
      const value = this.#cells[slot] ?? null;
      if (!equalValues(old, value)) values[this.#nameOf(slot)] = value;
    }
    const required: Record<string, RequirementLevel | null> = {};
    const visible: Record<string, boolean | null> = {};
    const locked: Record<string, boolean | null> = {};
    const errors: Record<string, string | null> = {};
    this.#stamp += 1;
    for (const number of rules) {
      for (const one of this.#program.rules[number]?.targets ?? []) {
        if (this.#seen[one] === this.#stamp) continue;
        this.#seen[one] = this.#stamp;
        const target = this.#program.targets[one];
        if (target === undefined) continue;
        const value = this.#inForce(target)?.value ?? null;
        switch (target.kind) {
          case 'required':
            note(this.#required, required, target.column, value as RequirementLevel | null);
            break;
          case 'visible':
            note(this.#visible, visible, target.column, value as boolean | null);
            break;
          case 'locked':
            note(this.#locked, locked, target.column, value as boolean | null);
            break;
          case 'error':
            note(this.#errors, errors, target.column, value as string | null);
            break;
          default:
            target.kind satisfies never;
        }
      }
    }
    const recommendations = this.#diffRecommendations();
    this.#observed?.next(this.#state());
    return { values, required, visible, locked, errors, recommendations, diagnostics };
  }

  #state(): RuleState {
    const { columns } = this.#program;
    const values = columns.map((column, slot) => [column, this.#cells[slot] ?? null] as const);
    return { values: Object.fromEntries(values), ...this.effects };
  }

  #diffRecommendations(): EffectsDiff['recommendations'] {
    const added: Recommendation[] = [];
    const removed: string[] = [];
    for (const one of this.#program.recommendations) {
      const isShown = this.#chosen[one.rule] === one.branch && !this.#accepted.has(one.id);
      if (isShown === this.#shown.has(one.id)) continue;
      if (isShown) {
        const shown = recommendationOf(one);
        this.#shown.set(one.id, shown);
        added.push(shown);
      } else {
        this.#shown.delete(one.id);
        removed.push(one.id);
      }
    }
    return { added, removed };
  }

  /** What is said by the last rule that has a say. */
  #inForce({ kind, contributions }: Target): Contribution | null {
    for (let i = contributions.length - 1; i >= 0; i--) {
      const one = contributions[i];
      if (one !== undefined && this.#isInForce(kind, one)) return one;
    }
    return null;
  }

  #isInForce(kind: EffectKind, { rule, branch }: Contribution): boolean {
    const isSticky = kind !== 'error' && this.#options.reversal === 'none';
    return (isSticky ? this.#sticky[rule] : this.#chosen[rule]) === branch;
  }

  // Explaining

  #explainEffect(kind: EffectKind, slot: number): Decision | null {
    const target = this.#program.targets.find((one) => one.kind === kind && one.slot === slot);
    const found = target === undefined ? null : this.#inForce(target);
    if (target === undefined || found === null) return null;
    const others = target.contributions.filter(
      (one) => one.rule !== found.rule && one.value !== found.value && this.#isInForce(kind, one),
    );
    return this.#decision(found, others, found.value);
  }

  #decision(
    { rule: number, branch }: Pick<Contribution, 'rule' | 'branch'>,
    others: readonly Contribution[],
    value: ColumnValue,
  ): Decision {
    const { rule, reads } = this.#program.rules[number] as CompiledRule;
    return {
      rule: rule.name,
      branch: branch === rule.branches.length ? -1 : branch,
      value,
      inputs: Object.fromEntries(
        reads.map((slot) => [this.#nameOf(slot), this.#cells[slot] ?? null]),
      ),
      overrides: others.map((one) => this.#program.rules[one.rule]?.rule.name ?? ''),
    };
  }

  #clause(clause: Clause): ClauseState {
    const { slotOf } = this.#program;
    const { column, op, operands } = clause;
    const slots = { slotOf: (name: string) => slotOf.get(name) ?? -1 };
    return {
      column,
      op,
      value: this.#cells[slotOf.get(column) ?? -1] ?? null,
      operands: operands.map((operand) => compileOperand(operand, slots)(this.#cells)),
      holds: this.#program.holds(clause, this.#cells),
    };
  }

  #nameOf(slot: number): string {
    return this.#program.columns[slot] ?? '';
  }
}

/** Takes a value over, and notes that it is another one. */
function note<Value extends string | boolean>(
  current: Record<string, Value>,
  changed: Record<string, Value | null>,
  column: string,
  value: Value | null,
): void {
  if ((current[column] ?? null) === value) return;
  changed[column] = value;
  if (value === null) delete current[column];
  else current[column] = value;
}

function ascending(numbers: Iterable<number>): number[] {
  return [...new Set(numbers)].sort((a, b) => a - b);
}

function insertInOrder(queue: number[], number: number, from: number): void {
  let at = from;
  while (at < queue.length && (queue[at] ?? 0) < number) at += 1;
  queue.splice(at, 0, number);
}

function recommendationOf({ id, action }: CompiledRecommendation): Recommendation {
  const { column, title, text } = action;
  return { id, column, title, text };
}
