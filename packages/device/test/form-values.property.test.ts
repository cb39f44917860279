import { equalValues, type RowValues } from '@outpost/model';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FormValues } from '../src/form/form-values.ts';

const columns = ['a', 'b', 'c'];
const column = fc.constantFrom(...columns);
const value = fc.constantFrom<number | null>(null, 1, 2);
const step = fc.oneof(
  fc.record({ kind: fc.constant('follow' as const), column, value }),
  fc.record({ kind: fc.constant('put' as const), column, value }),
  fc.record({ kind: fc.constant('unfit' as const), column }),
  fc.record({ kind: fc.constant('keepMine' as const), column }),
  fc.record({ kind: fc.constant('giveUp' as const), column }),
  fc.record({ kind: fc.constant('reopen' as const) }),
);

/** One field by itself, the slow way. */
interface Field {
  row: number | null;
  /** What the form showed when the typing began; undefined: nothing is typed. */
  base: number | null | undefined;
  typed: number | null | undefined;
  unfit: boolean;
}

test('a form of several fields is what its fields are one by one', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
      const fields = new Map<string, Field>(
        columns.map((name) => [name, { row: 1, base: undefined, typed: undefined, unfit: false }]),
      );
      let version = 1;
      const row = () => ({
        values: Object.fromEntries([...fields].map(([name, one]) => [name, one.row])) as RowValues,
        version,
      });
      let form = new FormValues(row());
      /** A version that the form has seen in all its fields. */
      let seenVersion = 1;
      const settle = (one: Field) => {
        if (
          !one.unfit &&
          (one.typed === undefined || one.typed === one.base || one.typed === one.row)
        )
          Object.assign(one, { base: undefined, typed: undefined });
      };
      for (const one of steps) {
        const field = fields.get('column' in one ? one.column : '');
        if (one.kind === 'reopen') {
          const { typed } = form;
          form = new FormValues(row());
          form.restore(JSON.parse(JSON.stringify(typed)) as typeof typed);
        } else if (field !== undefined) {
          if (one.kind === 'follow') {
            version += 1;
            field.row = one.value;
            form.follow(row());
          } else if (one.kind === 'put') {
            field.base ??= field.base === undefined ? field.row : field.base;
            Object.assign(field, { typed: one.value, unfit: false });
            form.put({ [one.column]: one.value });
          } else if (one.kind === 'unfit') {
            field.base = field.base === undefined ? field.row : field.base;
            field.unfit = true;
            form.putUnfit(one.column, { text: 'x', message: 'y' });
          } else if (one.kind === 'keepMine') {
            if (field.base !== undefined) field.base = field.row;
            form.keepMine(one.column);
          } else {
            Object.assign(field, { base: undefined, typed: undefined, unfit: false });
            form.giveUp(one.column);
          }
          settle(field);
        }
        const isOvertaken = (name: string) => {
          const { base, row: now } = fields.get(name) as Field;
          return base !== undefined && base !== now;
        };
        if (!columns.some(isOvertaken)) seenVersion = version;
        for (const [name, { row: now, typed, unfit, base }] of fields) {
          const about = `${JSON.stringify(steps)}\n${name} after ${JSON.stringify(one)}`;
          const shown = typed !== undefined ? typed : base !== undefined ? base : now;
          expect(form.values[name], about).toBe(shown);
          expect(Object.hasOwn(form.changed, name), about).toBe(typed !== undefined);
          expect(form.unfit(name) !== null, about).toBe(unfit);
          expect(form.overtaken(name), about).toEqual(
            isOvertaken(name) ? { shown: base, now } : null,
          );
        }
        const stale = form.staleBase;
        const isStale = columns.some(
          (name) => isOvertaken(name) && fields.get(name)?.typed !== undefined,
        );
        expect(stale === null ? null : stale.version).toBe(isStale ? seenVersion : null);
        for (const [name, base] of Object.entries(stale?.values ?? {})) {
          expect(equalValues(base, fields.get(name)?.base ?? null)).toBe(true);
        }
      }
    }),
    { numRuns: 2000 },
  );
});
