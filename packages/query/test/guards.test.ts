import { lengthOf } from '@outpost/vitest/length';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileQuery, parseFetch, type QueryContext } from '../src/index.ts';
import { Dice } from './oracle/dice.ts';
import { makeSpec, toFetchXml } from './oracle/spec.ts';
import { id, index, model } from './oracle/world.ts';
import { valueOrTypedErrors } from './typed-errors.ts';

const runs = lengthOf('OUTPOST_ROUNDS', { short: 100, long: 1000 });
const context: QueryContext = {
  now: 0,
  timeZone: 'UTC',
  userId: id(1, 1),
  businessUnitId: id(1, 2),
  teamIds: [],
};

/** Compiles a text; anything but a result or typed errors fails the test. */
function compile(text: string): string | null {
  const query = valueOrTypedErrors(parseFetch(text));
  if (query === null) return null;
  const plan = valueOrTypedErrors(compileQuery(query, { model: index, context }));
  if (plan === null) return null;
  return [plan.rows(10, 0), plan.count, plan.keys].map((one) => one.text).join('\n');
}

const queries = Array.from({ length: 200 }, (_, seed) => toFetchXml(makeSpec(new Dice(seed + 1))));
const pieces = [
  '<',
  '>',
  '/>',
  '"',
  '&',
  '&amp;',
  '&x;',
  '<!--',
  '-->',
  '<![CDATA[',
  ']]>',
  '<?x?>',
  '<!DOCTYPE a>',
  '\u0000',
  '\ud800',
  'entity',
  'filter',
  'operator="',
  '=',
  ' ',
  '😀',
  '</fetch>',
  '<condition/>',
];

describe('random text', () => {
  test('queries that are left alone compile', () => {
    expect(queries.filter((query) => compile(query) === null)).toEqual([]);
  });

  test('cut, doubled and mutated queries are results or typed errors', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...queries),
        fc.array(fc.tuple(fc.nat(2000), fc.nat(30), fc.constantFrom('', ...pieces)), {
          maxLength: 4,
        }),
        (query, edits) => {
          let text = query;
          for (const [at, length, insert] of edits) {
            const start = at % (text.length + 1);
            text = text.slice(0, start) + insert + text.slice(start + length);
          }
          compile(text);
        },
      ),
      { numRuns: runs },
    );
  });

  test('so is any text at all', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => void compile(text)),
      { numRuns: runs },
    );
  });
});

describe('hostile documents are refused as XML', () => {
  const entity = '<fetch><entity name="person">';
  test.each([
    ['nothing', ''],
    ['blanks', '  \n '],
    ['nesting without end', `${entity}${'<filter>'.repeat(100_000)}`],
    [
      'nesting that is closed',
      `${entity}${'<filter>'.repeat(40)}${'</filter>'.repeat(40)}</entity></fetch>`,
    ],
    [
      'a million characters',
      `${entity}${'<attribute name="name"/>'.repeat(45_000)}</entity></fetch>`,
    ],
    [
      'ten thousand elements',
      `${entity}${'<order attribute="a"/>'.repeat(10_001)}</entity></fetch>`,
    ],
    ['entities of its own', '<!DOCTYPE f [<!ENTITY a "&b;&b;"><!ENTITY b "x">]><fetch>&a;</fetch>'],
    ['an external entity', '<!DOCTYPE f SYSTEM "file:///etc/passwd"><fetch/>'],
    ['an unknown entity', '<fetch>&nbsp;</fetch>'],
    ['an instruction', '<?php x?><fetch/>'],
    ['attributes twice', '<fetch top="1" top="2"/>'],
    ['tags that do not match', '<fetch><entity></fetch></entity>'],
    ['text after the end', '<fetch/>x'],
    ['two roots', '<fetch/><fetch/>'],
  ])('%s', (_, text) => {
    const parsed = parseFetch(text);
    expect(parsed).toMatchObject({ kind: 'invalid', errors: [{ code: 'xml' }] });
  });

  test('text between elements, and elements where they do not belong, are errors of the schema', () => {
    for (const inside of [
      'x',
      '<value>1</value>',
      '<entity name="person"/>',
      '<filter>x</filter>',
      '<attribute name="name"><x/></attribute>',
      '<filter><condition attribute="name" operator="in"><x/></condition></filter>',
    ]) {
      const parsed = parseFetch(`${entity}${inside}</entity></fetch>`);
      const codes = parsed.kind === 'ok' ? [] : parsed.errors.map((error) => error.code);
      expect([inside, [...new Set(codes)]]).toEqual([inside, ['schema']]);
    }
  });

  test('names like members of Object are only names', () => {
    for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
      expect(compile(`<fetch><entity name="${name}"/></fetch>`)).toBe(null);
      expect(compile(`${entity}<attribute name="${name}"/></entity></fetch>`)).toBe(null);
      expect(
        compile(
          `${entity}<filter><condition attribute="name" operator="${name}"/></filter></entity></fetch>`,
        ),
      ).toBe(null);
      expect(compile(`<fetch ${name}="1"><entity name="person"/></fetch>`)).not.toBe(null);
    }
  });
});

test('no byte of a query reaches the SQL: names come from the model, values are bound', () => {
  const hostile = 'zq"; DROP TABLE "person"; --';
  const xml = hostile.replaceAll('"', '&quot;');
  const known = new Set(
    model.tables.flatMap((table) => [table.name, ...table.columns.map((column) => column.name)]),
  );
  let compiled = 0;
  for (const query of queries) {
    const values = [...query.matchAll(/="([^"]*)"/g)];
    for (const match of values) {
      const at = (match.index ?? 0) + 2;
      const changed = query.slice(0, at) + xml + query.slice(at + (match[1] ?? '').length);
      const text = compile(changed);
      if (text === null) continue;
      compiled += 1;
      expect(text).not.toContain('zq');
      for (const [, name = ''] of text.matchAll(/"([^"]+)"/g)) {
        expect(known.has(name.replace(/\$[tnf]+$/, '')), name).toBe(true);
      }
    }
  }
  expect(compiled).toBeGreaterThan(20);
});
