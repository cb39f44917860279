import type { ColumnValue, Formula, Operand } from '@outpost/model';
import { type Cells, isEmpty, type SlotSource } from './cells.ts';

/** Reads a value from the cells. Never throws; what cannot be computed is empty. */
export type Read = (cells: Cells) => ColumnValue;

const dayMs = 86_400_000;
/** Dates of Dataverse. (Column data types: 1753 to 9999.) */
const firstDay = Date.UTC(1753, 0, 1);
const afterLastDay = Date.UTC(10_000, 0, 1);
const dateShape = /^\d{4}-\d{2}-\d{2}$/;

export function compileOperand(operand: Operand, slots: SlotSource): Read {
  if ('literal' in operand) {
    const { literal } = operand;
    return () => literal;
  }
  if ('column' in operand) {
    const slot = slots.slotOf(operand.column);
    return (cells) => cells[slot] ?? null;
  }
  return compileFormula(operand.formula, slots);
}

function compileFormula({ left, op, right }: Formula, slots: SlotSource): Read {
  const [readLeft, readRight] = [compileOperand(left, slots), compileOperand(right, slots)];
  return (cells) => {
    const [a, b] = [readLeft(cells), readRight(cells)];
    if (isEmpty(a) || isEmpty(b)) return null;
    if (typeof a === 'string' && typeof b === 'number') return addDays(a, op, b);
    if (typeof a === 'number' && typeof b === 'number') return compute(a, op, b);
    return null;
  };
}

function compute(a: number, op: Formula['op'], b: number): number | null {
  const result = op === '+' ? a + b : op === '-' ? a - b : op === '*' ? a * b : a / b;
  return Number.isFinite(result) ? result : null;
}

/** A date plus or minus whole days, in the form it came in. */
function addDays(date: string, op: Formula['op'], days: number): string | null {
  if (op !== '+' && op !== '-') return null;
  const moved = Date.parse(date) + (op === '+' ? 1 : -1) * Math.trunc(days) * dayMs;
  if (!(moved >= firstDay && moved < afterLastDay)) return null;
  const text = new Date(moved).toISOString();
  return dateShape.test(date) ? text.slice(0, 10) : `${text.slice(0, 19)}Z`;
}

/** Columns that an operand reads. */
export function operandColumns(operand: Operand): readonly string[] {
  if ('column' in operand) return [operand.column];
  if ('literal' in operand) return [];
  return [...operandColumns(operand.formula.left), ...operandColumns(operand.formula.right)];
}
