import type { Result } from '@outpost/model';
import { expect } from 'vitest';
import { QueryError } from '../src/index.ts';

/** The value; or null where there are errors, each of which says what is wrong and what to do. */
export function valueOrTypedErrors<T>(result: Result<T, QueryError>): T | null {
  const errors = result.kind === 'invalid' ? result.errors : [];
  expect(errors.length > 0).toBe(result.kind === 'invalid');
  const untyped = errors.filter(
    (one) => !(one instanceof QueryError) || one.message === '' || one.fix === '',
  );
  expect(untyped).toEqual([]);
  return result.kind === 'ok' ? result.value : null;
}
