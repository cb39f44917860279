import type { DeviceStore } from '@outpost/store';
import { rowTerms, type TermMasks } from '../terms/row-terms.ts';
import type { SearchedTable } from '../terms/searched-table.ts';
import { type Generation, readRows } from './generation.ts';

/** A posting that is not what the row says. */
export interface IndexDifference {
  readonly table: string;
  readonly rid: number;
  readonly term: string;
  readonly problem: 'missing' | 'extra' | 'masks';
}

const pageRows = 1000;
/** Rows whose differences are told term by term. */
const maxRows = 100;

/**
 * Computes the terms of every row anew and compares. Each side is summed up per row as two independent 32-bit sums, which
 * differ when the sets do; the terms of rows that differ are then compared one by one.
 */
export function verifyGeneration(
  store: DeviceStore,
  searched: SearchedTable,
  generation: Generation,
): readonly IndexDifference[] {
  const sums = new Map<number, [number, number]>();
  const count = (rid: number, term: string, masks: TermMasks, sign: 1 | -1) => {
    const sum = sums.get(rid) ?? [0, 0];
    const [a, b] = hash(term, masks);
    sums.set(rid, [(sum[0] + sign * a) | 0, (sum[1] + sign * b) | 0]);
  };
  eachRow(store, searched, generation, (rid, terms) => {
    for (const [term, masks] of terms) count(rid, term, masks, 1);
  });
  generation.terms.visitAll((term, rid, masks) => count(rid, term, masks, -1));
  const wrong = [...sums].filter(([, [a, b]]) => a !== 0 || b !== 0).map(([rid]) => rid);
  return wrong.length === 0
    ? []
    : compareRows(store, searched, generation, new Set(wrong.slice(0, maxRows)));
}

function eachRow(
  store: DeviceStore,
  searched: SearchedTable,
  { state }: Generation,
  visit: (rid: number, terms: ReadonlyMap<string, TermMasks>) => void,
): void {
  let after = -1;
  for (;;) {
    const rows = readRows(store, searched, after, pageRows);
    for (const { rid, cells } of rows) {
      if (rid <= state.builtTo) visit(rid, rowTerms(searched.columns, cells));
    }
    const last = rows.at(-1)?.rid;
    if (last === undefined) return;
    after = last;
  }
}

function compareRows(
  store: DeviceStore,
  searched: SearchedTable,
  generation: Generation,
  rids: ReadonlySet<number>,
): readonly IndexDifference[] {
  const { table } = searched;
  const held = new Map<string, TermMasks>();
  generation.terms.visitAll((term, rid, masks) => {
    if (rids.has(rid)) held.set(`${rid} ${term}`, masks);
  });
  const found: IndexDifference[] = [];
  eachRow(store, searched, generation, (rid, terms) => {
    if (!rids.has(rid)) return;
    for (const [term, masks] of terms) {
      const key = `${rid} ${term}`;
      const known = held.get(key);
      held.delete(key);
      if (known === undefined) found.push({ table, rid, term, problem: 'missing' });
      else if (!isSame(known, masks)) found.push({ table, rid, term, problem: 'masks' });
    }
  });
  for (const key of held.keys()) {
    const at = key.indexOf(' ');
    found.push({ table, rid: Number(key.slice(0, at)), term: key.slice(at + 1), problem: 'extra' });
  }
  return found;
}

function isSame(a: TermMasks, b: TermMasks): boolean {
  return a.mask === b.mask && a.first === b.first && a.only === b.only;
}

function hash(term: string, { mask, first, only }: TermMasks): readonly [number, number] {
  let a = Math.imul(mask + 1, 0x9e3779b1) ^ Math.imul(first + 3, 0x85ebca6b);
  let b = Math.imul(mask + 7, 0xc2b2ae35) ^ Math.imul(only + 5, 0x27d4eb2f);
  a ^= Math.imul(only + 11, 0x165667b1);
  b ^= Math.imul(first + 13, 0x9e3779b1);
  for (let i = 0; i < term.length; i++) {
    a = Math.imul(a ^ term.charCodeAt(i), 0x01000193);
    b = Math.imul(b ^ term.charCodeAt(i), 0x5bd1e995) ^ (b >>> 15);
  }
  return [a, b];
}
