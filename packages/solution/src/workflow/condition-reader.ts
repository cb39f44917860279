import type { ColumnValue, Condition, Formula, Operand, RuleOperator } from '@outpost/model';
import { type Activity, entryText, itemsOf, variableOf } from './xaml.ts';

/** An element or an expression that this reader does not know. */
export class UnknownActivity extends Error {
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
/** The row that a definition is about. */
export const primaryEntity = '[InputEntities("primaryEntity")]';

/** A value that a variable of the definition stands for. */
type Value = { readonly operand: Operand } | { readonly condition: Condition };

/** Reads the conditions of business rules and process flows: variables, and what is computed from them. */
export class ConditionReader {
  readonly #values = new Map<string, Value>();

  /** Takes in an activity that gives a variable its value; false: it is none. */
  define(activity: Activity): boolean {
    switch (activity.name) {
      case 'GetEntityProperty': {
        const { Attribute, Entity, Value } = activity.attributes;
        if (Entity !== primaryEntity) {
          throw new UnknownActivity('A column of another row is read.', activity.name);
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
    if (name === null) throw new UnknownActivity(`"${expression}" is no variable.`, activity.name);
    this.#values.set(name, value);
  }

  #expression(activity: Activity): Operand {
    const operator = entryText(activity, 'ExpressionOperator');
    const items = itemsOf(entryText(activity, 'Parameters'));
    if (items === null) throw new UnknownActivity('The parameters are not a list.', activity.name);
    if (operator === 'CreateCrmType') {
      const [type, value] = items;
      const kind = type?.text.split('.').at(-1) ?? '';
      if (value === undefined) throw new UnknownActivity('A value is missing.', activity.name);
      return { literal: literalOf(kind, value.text, activity) };
    }
    const op = formulas[operator];
    const [left, right, ...others] = items.map(({ text }) => this.#operand(text, activity));
    if (op === undefined || left === undefined || right === undefined || others.length > 0) {
      throw new UnknownActivity(`Expression "${operator}" is not known.`, activity.name);
    }
    return { formula: { left, op, right } };
  }

  #clause(activity: Activity): Condition {
    const op = operators[entryText(activity, 'ConditionOperator')];
    const operand = this.#operand(variableOf(entryText(activity, 'Operand')) ?? '', activity);
    if (op === undefined || !('column' in operand)) {
      const message = `Condition "${entryText(activity, 'ConditionOperator')}" is not known.`;
      throw new UnknownActivity(message, activity.name);
    }
    const text = entryText(activity, 'Parameters');
    const items = text === '' ? [] : itemsOf(text);
    if (items === null) throw new UnknownActivity('The parameters are not a list.', activity.name);
    const isUnary = op === 'hasData' || op === 'noData';
    const operands = isUnary ? [] : items.map((item) => this.#operand(item.text, activity));
    return { column: operand.column, op, operands };
  }

  #logic(activity: Activity): Condition {
    const sides = ['LeftOperand', 'RightOperand'].map((key) =>
      this.condition(entryText(activity, key), activity),
    );
    const operator = entryText(activity, 'LogicalOperator');
    if (operator === 'And') return { all: sides };
    if (operator === 'Or') return { any: sides };
    throw new UnknownActivity(`Logical operator "${operator}" is not known.`, activity.name);
  }

  #operand(name: string, activity: Activity): Operand {
    const value = this.#values.get(name);
    if (value !== undefined && 'operand' in value) return value.operand;
    throw new UnknownActivity(`Variable "${name}" has no value.`, activity.name);
  }

  /** The condition that a variable stands for. */
  condition(expression: string, activity: Activity): Condition {
    const value = this.#values.get(variableOf(expression) ?? '');
    if (value !== undefined && 'condition' in value) return value.condition;
    throw new UnknownActivity(`"${expression}" is no condition.`, activity.name);
  }

  /** What a variable stands for; null: it was given no value. */
  value(expression: string | undefined): Operand | null {
    const value = this.#values.get(variableOf(expression) ?? '');
    return value !== undefined && 'operand' in value ? value.operand : null;
  }
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
  throw new UnknownActivity(`Value "${text}" of type ${kind} is not known.`, activity.name);
}

export function unknown({ name, isKnown }: Activity): UnknownActivity {
  const where = isKnown ? 'is not known here' : 'is not of the vocabulary of business rules';
  return new UnknownActivity(`Element "${name}" ${where}.`, name);
}
