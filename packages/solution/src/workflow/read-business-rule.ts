import type {
  BusinessRule,
  ColumnValue,
  Condition,
  Formula,
  Operand,
  RequirementLevel,
  RuleAction,
  RuleBranch,
  RuleOperator,
} from '@outpost/model';
import {
  type Activity,
  activitiesOf,
  entryOf,
  entryText,
  itemsOf,
  readXaml,
  stepLabel,
  variableOf,
} from './xaml.ts';

/** What a rule's `Workflow` element says about it. */
export type RuleHeader = Omit<BusinessRule, 'branches' | 'otherwise'>;

export interface ReadRule {
  /** Of a rule that is not understood: a draft with what was understood, which never runs. */
  readonly rule: BusinessRule;
  readonly problem: { readonly message: string; readonly location: string } | null;
}

/** An element or an expression that this reader does not know. */
class Unknown extends Error {
  readonly location: string;
  constructor(message: string, location: string) {
    super(message);
    this.location = location;
  }
}

const operators: Readonly<Record<string, RuleOperator>> = {
  Equal: 'equals',
  NotEqual: 'notEquals',
  GreaterThan: 'greater',
  GreaterEqual: 'greaterOrEqual',
  LessThan: 'less',
  LessEqual: 'lessOrEqual',
  NotNull: 'hasData',
  Null: 'noData',
  Contains: 'contains',
  DoesNotContain: 'notContains',
  BeginsWith: 'beginsWith',
  DoesNotBeginWith: 'notBeginsWith',
  EndsWith: 'endsWith',
  DoesNotEndWith: 'notEndsWith',
};
const formulas: Readonly<Record<string, Formula['op']>> = {
  Add: '+',
  Subtract: '-',
  Multiply: '*',
  Divide: '/',
};
const levels: Readonly<Record<string, RequirementLevel>> = {
  None: 'none',
  Recommended: 'recommended',
  Required: 'required',
};
const primaryEntity = '[InputEntities("primaryEntity")]';
const scratchEntity = '[CreatedEntities("primaryEntity#Temp")]';

/** Reads the definition of a business rule as Dataverse exports it. */
export function readBusinessRule(
  xaml: string,
  file: string,
  header: RuleHeader,
  language: string,
): ReadRule {
  const reader = new RuleReader(language);
  try {
    reader.read(readXaml(xaml, file));
  } catch (error) {
    if (!(error instanceof Unknown)) throw error;
    const rule = { ...header, ...reader.parts, state: 'draft' as const };
    return { rule, problem: { message: error.message, location: `${file}/${error.location}` } };
  }
  return { rule: { ...header, ...reader.parts }, problem: null };
}

/** A value that a variable of the definition stands for. */
type Value = { readonly operand: Operand } | { readonly condition: Condition };

class RuleReader {
  readonly #language: string;
  readonly #values = new Map<string, Value>();
  readonly #branches: RuleBranch[] = [];
  #otherwise: readonly RuleAction[] | null = null;

  constructor(language: string) {
    this.#language = language;
  }

  get parts(): Pick<BusinessRule, 'branches' | 'otherwise'> {
    return {
      branches: this.#branches,
      ...(this.#otherwise === null ? {} : { otherwise: this.#otherwise }),
    };
  }

  read(root: Activity): void {
    const workflow = root.children.find((child) => child.name === 'Workflow');
    const steps = workflow?.children ?? [];
    if (steps.length === 0) throw new Unknown('The definition has no steps.', root.name);
    for (const step of steps) {
      if (step.name !== 'ConditionSequence') throw unknown(step);
      for (const activity of activitiesOf(step)) this.#statement(activity);
    }
  }

  #statement(activity: Activity): void {
    if (activity.name === 'ConditionBranch') return this.#branch(activity);
    if (!this.#define(activity)) throw unknown(activity);
  }

  /** Takes in an activity that gives a variable its value; false: it is none. */
  #define(activity: Activity): boolean {
    switch (activity.name) {
      case 'GetEntityProperty': {
        const { Attribute, Entity, Value } = activity.attributes;
        if (Entity !== primaryEntity) {
          throw new Unknown('A column of another row is read.', activity.name);
        }
        const column = (Attribute ?? '').toLowerCase();
        this.#set(Value, { operand: { column } }, activity);
        return true;
      }
      case 'EvaluateExpression':
        this.#set(entryText(activity, 'Result'), { operand: this.#expression(activity) }, activity);
        return true;
      case 'EvaluateCondition':
        this.#set(entryText(activity, 'Result'), { condition: this.#clause(activity) }, activity);
        return true;
      case 'EvaluateLogicalCondition':
        this.#set(entryText(activity, 'Result'), { condition: this.#logic(activity) }, activity);
        return true;
      default:
        return false;
    }
  }

  #set(expression: string | undefined, value: Value, activity: Activity): void {
    const name = variableOf(expression);
    if (name === null) throw new Unknown(`"${expression}" is no variable.`, activity.name);
    this.#values.set(name, value);
  }

  #expression(activity: Activity): Operand {
    const operator = entryText(activity, 'ExpressionOperator');
    const items = itemsOf(entryText(activity, 'Parameters'));
    if (items === null) throw new Unknown('The parameters are not a list.', activity.name);
    if (operator === 'CreateCrmType') {
      const [type, value] = items;
      const kind = type?.text.split('.').at(-1) ?? '';
      if (value === undefined) throw new Unknown('A value is missing.', activity.name);
      return { literal: literalOf(kind, value.text, activity) };
    }
    const op = formulas[operator];
    const [left, right, ...others] = items.map(({ text }) => this.#operand(text, activity));
    if (op === undefined || left === undefined || right === undefined || others.length > 0) {
      throw new Unknown(`Expression "${operator}" is not known.`, activity.name);
    }
    return { formula: { left, op, right } };
  }

  #clause(activity: Activity): Condition {
    const op = operators[entryText(activity, 'ConditionOperator')];
    const operand = this.#operand(variableOf(entryText(activity, 'Operand')) ?? '', activity);
    if (op === undefined || !('column' in operand)) {
      const message = `Condition "${entryText(activity, 'ConditionOperator')}" is not known.`;
      throw new Unknown(message, activity.name);
    }
    const text = entryText(activity, 'Parameters');
    const items = text === '' ? [] : itemsOf(text);
    if (items === null) throw new Unknown('The parameters are not a list.', activity.name);
    const isUnary = op === 'hasData' || op === 'noData';
    const operands = isUnary ? [] : items.map((item) => this.#operand(item.text, activity));
    return { column: operand.column, op, operands };
  }

  #logic(activity: Activity): Condition {
    const sides = ['LeftOperand', 'RightOperand'].map((key) =>
      this.#condition(entryText(activity, key), activity),
    );
    const operator = entryText(activity, 'LogicalOperator');
    if (operator === 'And') return { all: sides };
    if (operator === 'Or') return { any: sides };
    throw new Unknown(`Logical operator "${operator}" is not known.`, activity.name);
  }

  #operand(name: string, activity: Activity): Operand {
    const value = this.#values.get(name);
    if (value !== undefined && 'operand' in value) return value.operand;
    throw new Unknown(`Variable "${name}" has no value.`, activity.name);
  }

  #condition(expression: string, activity: Activity): Condition {
    const value = this.#values.get(variableOf(expression) ?? '');
    if (value !== undefined && 'condition' in value) return value.condition;
    throw new Unknown(`"${expression}" is no condition.`, activity.name);
  }

  #branch(activity: Activity): void {
    const expression = entryText(activity, 'Condition');
    const then = this.#actions(entryOf(activity, 'Then'));
    // A variable is called `True` in these files, too; it is never set, and means what it says.
    if (variableOf(expression) === 'True') this.#otherwise = then;
    else this.#branches.push({ when: this.#condition(expression, activity), then });
    const otherwise = entryOf(activity, 'Else');
    if (otherwise !== undefined && otherwise.name !== 'Null') {
      this.#otherwise = this.#actions(otherwise);
    }
  }

  #actions(composite: Activity | undefined): readonly RuleAction[] {
    if (composite?.name !== 'Composite') throw new Unknown('A branch has no actions.', 'Then');
    return activitiesOf(composite).flatMap((step) => {
      if (step.name !== 'Sequence') throw unknown(step);
      return this.#sequence(step);
    });
  }

  #sequence(step: Activity): readonly RuleAction[] {
    const actions: RuleAction[] = [];
    let pending: { readonly column: string; readonly value: Operand | null } | null = null;
    for (const activity of step.children) {
      const { ControlId = '', IsVisible, IsReadOnly, RequiredLevel } = activity.attributes;
      const column = ControlId.toLowerCase();
      switch (activity.name) {
        case 'Sequence.Variables':
        case 'Assign':
          if (activity.name === 'Assign') checkScaffold(activity);
          break;
        case 'SetEntityProperty': {
          const { Attribute = '', Entity, Value } = activity.attributes;
          if (Entity !== scratchEntity) throw unknown(activity);
          const value = this.#values.get(variableOf(Value) ?? '');
          // A variable that was given no value clears the column.
          const operand = value !== undefined && 'operand' in value ? value.operand : null;
          pending = { column: Attribute.toLowerCase(), value: operand };
          break;
        }
        case 'SetAttributeValue':
        case 'SetDefaultValue': {
          if (pending === null) throw unknown(activity);
          const kind = activity.name === 'SetAttributeValue' ? 'setValue' : 'setDefault';
          actions.push(
            pending.value === null
              ? { kind: 'clear', column: pending.column }
              : { kind, column: pending.column, value: pending.value },
          );
          pending = null;
          break;
        }
        case 'SetVisibility':
          actions.push({ kind: 'visible', column, visible: truth(IsVisible, activity) });
          break;
        case 'SetDisplayMode':
          actions.push({ kind: 'lock', column, locked: truth(IsReadOnly, activity) });
          break;
        case 'SetFieldRequiredLevel': {
          const level = levels[RequiredLevel ?? ''];
          if (level === undefined) throw unknown(activity);
          actions.push({ kind: 'require', column, level });
          break;
        }
        case 'SetMessage': {
          const labels = activity.children.find(({ name }) => name === 'SetMessage.StepLabels');
          const message = stepLabel(labels, this.#language);
          if (message === null) throw new Unknown('A message has no text.', activity.name);
          actions.push({ kind: 'error', column, message });
          break;
        }
        default:
          if (!this.#define(activity)) throw unknown(activity);
      }
    }
    if (pending !== null) throw new Unknown('A value is set without being written.', step.name);
    return actions;
  }
}

/** Assignments prepare the row that is written; anything else would be lost. */
function checkScaffold(activity: Activity): void {
  const { To = '' } = activity.attributes;
  const scaffolds = [scratchEntity, primaryEntity, scratchEntity.replace(']', '.Id]')];
  if (!scaffolds.includes(To)) throw unknown(activity);
}

function truth(text: string | undefined, activity: Activity): boolean {
  if (text === 'True') return true;
  if (text === 'False') return false;
  throw unknown(activity);
}

function literalOf(kind: string, text: string, activity: Activity): ColumnValue {
  switch (kind) {
    case 'OptionSetValue':
    case 'Integer':
    case 'Decimal':
    case 'Double':
    case 'Float':
    case 'Money': {
      const number = Number(text);
      if (text.trim() !== '' && Number.isFinite(number)) return number;
      break;
    }
    case 'Boolean':
      if (text === '1' || text.toLowerCase() === 'true') return true;
      if (text === '0' || text.toLowerCase() === 'false') return false;
      break;
    case 'String':
    case 'Memo':
      return text;
    case 'DateTime':
      if (Number.isFinite(Date.parse(text))) return text;
      break;
    default:
  }
  throw new Unknown(`Value "${text}" of type ${kind} is not known.`, activity.name);
}

function unknown({ name, isKnown }: Activity): Unknown {
  const where = isKnown ? 'is not known here' : 'is not of the vocabulary of business rules';
  return new Unknown(`Element "${name}" ${where}.`, name);
}
