import type { BusinessRule, Diagnostic, Result } from '@outpost/model';
import { businessRulesFormat, businessRulesSchema } from './business-rules-schema.ts';
import { checkShape } from './shape.ts';

/** Characters of a file of rules. */
const maxText = 10_000_000;

/** Reads a file of business rules: the rules, or every place where it has another shape. Never throws. */
export function readBusinessRules(text: string): Result<readonly BusinessRule[], Diagnostic> {
  const invalid = (message: string, location: string): Diagnostic => ({
    severity: 'error',
    code: 'rule.shape',
    message,
    location,
  });
  if (text.length > maxText) {
    return { kind: 'invalid', errors: [invalid(`More than ${maxText} characters.`, '')] };
  }
  let file: unknown;
  try {
    file = JSON.parse(text);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { kind: 'invalid', errors: [invalid(`This is no JSON: ${message}`, '')] };
  }
  const found = checkShape(file, businessRulesSchema);
  if (found.length > 0) {
    return { kind: 'invalid', errors: found.map((one) => invalid(one.message, one.path)) };
  }
  return { kind: 'ok', value: (file as { readonly rules: readonly BusinessRule[] }).rules };
}

/** The text of a file with these rules, which `readBusinessRules` reads. */
export function writeBusinessRules(rules: readonly BusinessRule[]): string {
  return `${JSON.stringify({ format: businessRulesFormat, rules }, null, 2)}\n`;
}
