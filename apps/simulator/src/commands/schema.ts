import { businessRulesSchema } from '@outpost/rules';
import type { Arguments } from '../arguments.ts';
import { UsageError } from '../usage-error.ts';

/** Prints the JSON schema of a file format. */
export function schemaCommand({ operand }: Arguments): number {
  if (operand !== 'rules') throw new UsageError(`Unknown format "${operand}". Known: rules.`);
  process.stdout.write(`${JSON.stringify(businessRulesSchema, null, 2)}\n`);
  return 0;
}
