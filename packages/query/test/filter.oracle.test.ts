import { fold } from '@outpost/model';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Fixture, fetchAccounts, openFixture } from './fixture.ts';
import { valueOrTypedErrors } from './typed-errors.ts';

interface Account {
  readonly name: string | null;
  readonly employees: number | null;
}
const names = [null, 'Alpine', 'alpine', 'Àlpine ski', 'a%b', 'a_b', 'a[b', 'ß', 'SS', 'zzz'];
const numbers = [null, 0, 1, 2];
const accounts: readonly Account[] = names.flatMap((name) =>
  numbers.map((employees) => ({ name, employees })),
);

let fixture: Fixture;
beforeAll(async () => {
  fixture = await openFixture();
  for (const [n, { name, employees }] of accounts.entries()) {
    fixture.insert('account', n, { name, employees });
  }
});
afterAll(() => fixture.store.close());

interface Node {
  readonly xml: string;
  readonly test: (row: Account) => boolean;
}

/** A pattern as a regular expression, character by character. */
function patternToRegExp(pattern: string): RegExp {
  const body = [...fold(pattern)].map((c) =>
    c === '%' ? '.*' : c === '_' ? '.' : c.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'),
  );
  return new RegExp(`^${body.join('')}$`, 's');
}
const escapeXml = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
const attribute = (column: string, operator: string, value: string) =>
  `<condition attribute="${column}" operator="${operator}" value="${escapeXml(value)}"/>`;

const number = fc
  .record({
    operator: fc.constantFrom('eq', 'ne', 'gt', 'ge', 'lt', 'le'),
    value: fc.constantFrom(0, 1, 2),
  })
  .map(
    ({ operator, value }): Node => ({
      xml: attribute('employees', operator, String(value)),
      test: ({ employees }) => {
        if (employees === null) return operator === 'ne';
        return (
          {
            eq: employees === value,
            ne: employees !== value,
            gt: employees > value,
            ge: employees >= value,
            lt: employees < value,
            le: employees <= value,
          }[operator] ?? false
        );
      },
    }),
  );
const equality = fc
  .record({
    operator: fc.constantFrom('eq', 'ne'),
    value: fc.constantFrom('alpine', 'Ss', 'a%b', 'none'),
  })
  .map(
    ({ operator, value }): Node => ({
      xml: attribute('name', operator, value),
      test: ({ name }) =>
        name === null ? operator === 'ne' : (fold(name) === fold(value)) === (operator === 'eq'),
    }),
  );
const pattern = fc
  .record({
    negative: fc.boolean(),
    value: fc.constantFrom('a%', '%e', '%l%', 'a_b', 'ALPINE', '%', '_', 'ß%'),
  })
  .map(
    ({ negative, value }): Node => ({
      xml: attribute('name', negative ? 'not-like' : 'like', value),
      test: ({ name }) =>
        name === null ? negative : patternToRegExp(value).test(fold(name)) !== negative,
    }),
  );
const empty = fc.constantFrom('name', 'employees').chain((column) =>
  fc.boolean().map(
    (isNull): Node => ({
      xml: `<condition attribute="${column}" operator="${isNull ? 'null' : 'not-null'}"/>`,
      test: (row) => (row[column as keyof Account] === null) === isNull,
    }),
  ),
);
const tree = fc.letrec<{ node: Node }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 3 },
    number,
    equality,
    pattern,
    empty,
    fc
      .record({
        kind: fc.constantFrom('and', 'or'),
        parts: fc.array(tie('node'), { minLength: 1, maxLength: 3 }),
      })
      .map(
        ({ kind, parts }): Node => ({
          xml: `<filter type="${kind}">${parts.map((part) => part.xml).join('')}</filter>`,
          test: (row) =>
            kind === 'and'
              ? parts.every((part) => part.test(row))
              : parts.some((part) => part.test(row)),
        }),
      ),
  ),
})).node;

test('any filter gives the rows a plain predicate gives', () => {
  fc.assert(
    fc.property(tree, (node) => {
      const expected = accounts.flatMap((row, n) => (node.test(row) ? [n] : []));
      expect(fixture.ids(fetchAccounts(`<filter>${node.xml}</filter>`))).toEqual(expected);
    }),
    { numRuns: 400 },
  );
});

test('any text is a result or typed errors', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc
          .array(
            fc.constantFrom(
              '<fetch>',
              '<entity name="account">',
              '<filter>',
              '</filter>',
              '</entity>',
              '</fetch>',
              '<condition',
              ' attribute="name"',
              '/>',
              '&',
              '"',
            ),
            { maxLength: 12 },
          )
          .map((parts) => parts.join('')),
      ),
      (text) => {
        valueOrTypedErrors(fixture.engine.run({ fetchXml: text }));
      },
    ),
    { numRuns: 500 },
  );
});
