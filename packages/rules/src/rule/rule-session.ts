import {
  type ColumnValue,
  type Diagnostic,
  equalValues,
  type RequirementLevel,
  type RowValues,
} from '@outpost/model';
import { type Cells, isEmpty } from './cells.ts';
import type {
  CompiledProgram,
  CompiledRecommendation,
  CompiledRule,
  CompiledWrite,
  Contribution,
  EffectKind,
} from './compiled-rule.ts';
import { clausesOf } from './condition.ts';
import type {
  ClauseState,
  ColumnExplanation,
  Decision,
  Effects,
  EffectsDiff,
  Recommendation,
  RuleExplanation,
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

const none = -1;

/**
 * The rules of a form at work on one row. A change re-evaluates what depends on the changed columns and nothing else, and
 * answers with what is different.
 */
export class RuleSession {
  readonly #program: CompiledProgram;
  readonly #options: SessionOptions;
  readonly #leftOut: readonly LeftOut[];
  readonly #cells: Cells;
  readonly #bits: Uint8Array;
  /** Branch chosen when the rule was last triggered; -1: none. */
  readonly #chosen: Int16Array;
  /** Branch chosen last, even when none is now. */
  readonly #sticky: Int16Array;
  /** 1: the rule was triggered at least once. */
  readonly #ran: Uint8Array;
  readonly #accepted = new Set<string>();
  readonly #shown = new Map<string, Recommendation>();
  readonly #writers = new Map<number, { readonly rule: number; readonly branch: number }>();
  readonly #required: Record<string, RequirementLevel> = {};
  readonly #visible: Record<string, boolean> = {};
  readonly #locked: Record<string, boolean> = {};
  readonly #errors: Record<string, string> = {};
  #evaluations = 0;

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
    this.#bits = new Uint8Array(program.atoms.length);
    this.#chosen = new Int16Array(program.rules.length).fill(none);
    this.#sticky = new Int16Array(program.rules.length).fill(none);
    this.#ran = new Uint8Array(program.rules.length);
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

  /** Rules evaluated so far; for tests that count work. */
  get evaluations(): number {
    return this.#evaluations;
  }

  /** As at load: every rule, in order of activation. Of a new row, defaults are set. */
  load(mode: 'create' | 'update'): EffectsDiff {
    return this.#step(
      this.#program.rules.map((_, i) => i),
      mode === 'create',
    );
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
    const chosen = this.#chosen[number] ?? none;
    const isOtherwise = chosen === rule.branches.length;
    const state =
      this.#ran[number] === 0
        ? 'notTriggered'
        : chosen === none
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
    const { rules } = this.#program;
    const before = new Map<number, ColumnValue>();
    const touched = new Set<number>();
    const diagnostics: Diagnostic[] = [];
    let now = new Uint8Array(rules.length);
    for (const rule of triggered) now[rule] = 1;
    let isDone = triggered.length === 0;
    for (let pass = 0; !isDone; pass++) {
      if (pass === this.#options.maxPasses) {
        diagnostics.push(this.#cycle(now));
        break;
      }
      const next = new Uint8Array(rules.length);
      isDone = true;
      for (let number = 0; number < rules.length; number++) {
        if (now[number] !== 1) continue;
        touched.add(number);
        const written = this.#evaluate(number, isNew, before);
        if (this.#options.chaining === 'dataverse') continue;
        for (const slot of written) {
          for (const reader of this.#program.rulesOf[slot] ?? []) {
            // A rule is never triggered by its own writes: its message would vanish before anyone reads it.
            if (reader === number) continue;
            if (reader > number) now[reader] = 1;
            else {
              next[reader] = 1;
              isDone = false;
            }
          }
        }
      }
      now = next;
    }
    return this.#diff(touched, before, diagnostics);
  }

  /** Chooses the branch of a rule and carries out its writes; answers the slots that changed. */
  #evaluate(number: number, isNew: boolean, before: Map<number, ColumnValue>): readonly number[] {
    const compiled = this.#program.rules[number] as CompiledRule;
    this.#evaluations += 1;
    this.#ran[number] = 1;
    const branch = compiled.branches.findIndex(
      ({ when }) => when === null || when(this.#cells, this.#bits),
    );
    if (branch !== this.#chosen[number]) {
      for (const one of this.#program.recommendations) {
        if (one.rule === number) this.#accepted.delete(one.id);
      }
    }
    this.#chosen[number] = branch;
    if (branch === none) return [];
    this.#sticky[number] = branch;
    const changed: number[] = [];
    for (const write of compiled.branches[branch]?.writes ?? []) {
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
    for (const atom of this.#program.atomsOf[slot] ?? []) this.#bits[atom] = 0;
  }

  #cycle(running: Uint8Array): Diagnostic {
    const names = this.#program.rules
      .filter((_, i) => running[i] === 1)
      .map(({ rule }) => `"${rule.name}"`);
    return {
      severity: 'error',
      code: 'rule.cycleLimit',
      message: `Rules trigger each other without end: ${names.join(', ')}. Their values stay as they are after ${this.#options.maxPasses} passes.`,
      location: names.join(', '),
    };
  }

  // Effects

  #diff(
    rules: ReadonlySet<number>,
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
    const kinds = {
      required: [this.#required, required],
      visible: [this.#visible, visible],
      locked: [this.#locked, locked],
      error: [this.#errors, errors],
    } as const;
    const seen = new Set<string>();
    for (const number of rules) {
      for (const { kind, slot } of this.#program.rules[number]?.targets ?? []) {
        const key = `${kind} ${slot}`;
        if (seen.has(key)) continue;
        seen.add(key);
        const name = this.#nameOf(slot);
        const value = this.#inForce(kind, slot)?.value ?? null;
        const [current, changed] = kinds[kind] as [
          Record<string, unknown>,
          Record<string, unknown>,
        ];
        if ((current[name] ?? null) === value) continue;
        changed[name] = value;
        if (value === null) delete current[name];
        else current[name] = value;
      }
    }
    return {
      values,
      required,
      visible,
      locked,
      errors,
      recommendations: this.#diffRecommendations(),
      diagnostics,
    };
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

  /** What is said of a column by the last rule that has a say. */
  #inForce(kind: EffectKind, slot: number): Contribution | null {
    const list = this.#program.contributions[kind].get(slot) ?? [];
    for (let i = list.length - 1; i >= 0; i--) {
      const one = list[i];
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
    const found = this.#inForce(kind, slot);
    if (found === null) return null;
    const others = (this.#program.contributions[kind].get(slot) ?? []).filter(
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

  #clause({ column, op, operands }: ReturnType<typeof clausesOf>[number]): ClauseState {
    const { atoms, slotOf } = this.#program;
    const key = JSON.stringify([column, op, operands]);
    const atom = atoms.find(
      ({ clause }) => JSON.stringify([clause.column, clause.op, clause.operands]) === key,
    );
    const slots = { slotOf: (name: string) => slotOf.get(name) ?? -1 };
    return {
      column,
      op,
      value: this.#cells[slotOf.get(column) ?? -1] ?? null,
      operands: operands.map((operand) => compileOperand(operand, slots)(this.#cells)),
      holds: atom?.test(this.#cells) ?? false,
    };
  }

  #nameOf(slot: number): string {
    return this.#program.columns[slot] ?? '';
  }
}

function recommendationOf({ id, action }: CompiledRecommendation): Recommendation {
  const { column, title, text } = action;
  return { id, column, title, text };
}
