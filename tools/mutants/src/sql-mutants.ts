import { parseAst } from 'rolldown/parseAst';

/** A piece of a text, by its place, and what stands there instead. */
export interface SqlChange {
  readonly start: number;
  readonly end: number;
  readonly kind: string;
  readonly to: string;
}

interface Span {
  readonly start: number;
  readonly end: number;
}

const name = String.raw`(?:"[^"]+"|[a-z_$][\w$]*)`;
const operand = String.raw`(?:${name}(?:\.${name})?|\?\d*|'[^']*'|\d+)`;
const looksLikeSql =
  /\b(SELECT|INSERT INTO|UPDATE|DELETE FROM|WHERE|ORDER BY|IS NULL)\b|[=<>] \?|\bIN \('/;
const boundaries: Readonly<Record<string, string>> = { '<': '<=', '<=': '<', '>': '>=', '>=': '>' };

/**
 * Where the SQL in a file's strings could be wrong and still run: a condition that is not asked, a bound that is one off, a
 * column that is not set, another order, a missing state.
 */
export function sqlChanges(text: string): readonly SqlChange[] {
  return stringsOf(text).flatMap(({ start, end }) => {
    const sql = text.slice(start, end);
    if (!looksLikeSql.test(sql)) return [];
    return changesOf(sql)
      .toSorted((a, b) => a.start - b.start)
      .map((one) => ({ ...one, start: one.start + start, end: one.end + start }));
  });
}

/** Changes of one string, by their places in it. */
function changesOf(sql: string): readonly SqlChange[] {
  const assigned = assignments(sql);
  const isAssigned = (at: number) => assigned.some((one) => one.equals === at);
  const changes: SqlChange[] = assigned.map(({ start, end, column, value }) => ({
    start,
    end,
    kind: 'SqlNotSet',
    to: `${column} = iif(1, ${column}, ${value})`,
  }));
  const each = (pattern: RegExp, kind: string, to: (match: RegExpExecArray) => string | null) => {
    for (const match of sql.matchAll(pattern)) {
      const changed = to(match);
      const start = match.index;
      if (changed !== null)
        changes.push({ start, end: start + match[0].length, kind, to: changed });
    }
  };
  each(
    new RegExp(String.raw`${operand}\s*(=|<>|<=|>=|<|>)\s*${operand}`, 'gi'),
    'SqlNotAsked',
    ({ 0: all, 1: sign = '', index }) =>
      isAssigned(index + all.indexOf(sign)) ? null : `(${all} OR 1)`,
  );
  // What is compared stands in the string before.
  each(
    /(?<=^"?\s*)= (\?\d*)/g,
    'SqlNotAsked',
    ({ 1: value }) => `IS NOT iif(1, char(0), ${value})`,
  );
  each(/<=|>=|(?<![<-])>|<(?!>)/g, 'SqlBound', ({ 0: sign }) => boundaries[sign] ?? null);
  each(/\bAND\b/g, 'SqlAnd', () => 'OR');
  each(/\bIS NULL\b/g, 'SqlNull', () => 'IS NOT NULL');
  each(/\bIS NOT NULL\b/g, 'SqlNull', () => 'IS NULL');
  each(/\bmin\(/gi, 'SqlMost', () => 'max(');
  each(/\bmax\(/gi, 'SqlMost', () => 'min(');
  each(/ DESC\b/g, 'SqlOrder', () => '');
  each(/\bORDER BY [\w."$]+(?! DESC)\b/g, 'SqlOrder', ({ 0: all }) => `${all} DESC`);
  each(/(?<= )\+ (?=[?\d])/g, 'SqlSign', () => '- ');
  each(/\bDISTINCT /g, 'SqlDistinct', () => '');
  each(/\bLEFT JOIN\b/g, 'SqlJoin', () => 'JOIN');
  for (const { 1: list = '', index } of sql.matchAll(/\bIN \(((?:'[^']*'(?:, )?)+)\)/g)) {
    const values = list.split(', ');
    const start = index + 'IN ('.length;
    for (const value of values) {
      const to = values.filter((one) => one !== value).join(', ');
      changes.push({ start, end: start + list.length, kind: 'SqlList', to });
    }
  }
  return changes;
}

interface Assignment extends Span {
  readonly column: string;
  readonly value: string;
  /** Place of the sign. */
  readonly equals: number;
}

/** What stands between SET and WHERE. */
function assignments(sql: string): readonly Assignment[] {
  const list = /\bSET\s+([\s\S]+?)(?=\s+WHERE\b|$)/.exec(sql);
  if (list === null) return [];
  const found: Assignment[] = [];
  let at = list.index + list[0].length - (list[1] ?? '').length;
  for (const part of splitOutside(list[1] ?? '')) {
    const match = new RegExp(String.raw`^(\s*)(${name})\s*=\s*([\s\S]+)$`, 'i').exec(part);
    const { 1: space = '', 2: column = '', 3: value = '' } = match ?? [];
    if (match !== null) {
      const start = at + space.length;
      found.push({
        start,
        end: at + part.length,
        column,
        value,
        equals: start + part.slice(space.length).indexOf('='),
      });
    }
    at += part.length + 1;
  }
  return found;
}

/** Splits at commas that are not in parentheses. */
function splitOutside(list: string): readonly string[] {
  const parts = [''];
  let depth = 0;
  for (const sign of list) {
    if (sign === '(') depth += 1;
    if (sign === ')') depth -= 1;
    if (sign === ',' && depth === 0) parts.push('');
    else parts.push(`${parts.pop()}${sign}`);
  }
  return parts;
}

/** Contents of string literals, and the pieces of templates between their expressions. */
function stringsOf(text: string): readonly Span[] {
  const found: Span[] = [];
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) {
      for (const one of node) visit(one);
      return;
    }
    if (!isNode(node)) return;
    const { start, end, value } = node;
    if (node.type === 'Literal' && typeof value === 'string')
      found.push({ start: start + 1, end: end - 1 });
    // Its bounds include the signs on both sides.
    if (node.type === 'TemplateElement') {
      const { raw } = value as { readonly raw: string };
      found.push({ start: start + 1, end: start + 1 + raw.length });
    }
    for (const one of Object.values(node)) visit(one);
  };
  visit(parseAst(text, { lang: 'ts' }).body);
  return found;
}

interface Node extends Span {
  readonly type: string;
  readonly value?: unknown;
}

function isNode(value: unknown): value is Node {
  return typeof (value as { readonly type?: unknown } | null)?.type === 'string';
}
