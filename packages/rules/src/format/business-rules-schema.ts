import type { Shape } from './shape.ts';

/** Names the version of the format; a file says which one it is in. */
export const businessRulesFormat = 'business-rules/1';

const name: Shape = { type: 'string', minLength: 1, maxLength: 200 };
const text: Shape = { type: 'string', minLength: 1, maxLength: 4000 };
const ref = (to: string): Shape => ({ $ref: `#/$defs/${to}` });
const object = (
  properties: Readonly<Record<string, Shape>>,
  optional: readonly string[] = [],
): Shape => ({
  type: 'object',
  properties,
  required: Object.keys(properties).filter((one) => !optional.includes(one)),
  additionalProperties: false,
});
const list = (items: Shape, maxItems: number): Shape => ({ type: 'array', items, maxItems });
const action = (kinds: readonly string[], more: Readonly<Record<string, Shape>>): Shape =>
  object({ kind: { enum: kinds }, column: name, ...more });

/** JSON Schema (2020-12) of files with business rules. What a rule means is the business of the model it is for. */
export const businessRulesSchema: Shape = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  $id: 'urn:outpost:business-rules:1',
  title: 'Business rules',
  ...object({ format: { const: businessRulesFormat }, rules: list(ref('rule'), 10_000) }),
  $defs: {
    rule: object(
      {
        id: name,
        name,
        table: name,
        scope: { oneOf: [{ type: 'string', enum: ['table', 'allForms'] }, object({ form: name })] },
        state: { enum: ['draft', 'active'] },
        order: { type: 'integer' },
        branches: list(object({ when: ref('condition'), then: list(ref('action'), 1000) }), 1000),
        otherwise: list(ref('action'), 1000),
      },
      ['otherwise'],
    ),
    condition: {
      oneOf: [
        object({ all: list(ref('condition'), 1000) }),
        object({ any: list(ref('condition'), 1000) }),
        object({ not: ref('condition') }),
        object({ column: name, op: ref('operator'), operands: list(ref('operand'), 1000) }),
      ],
    },
    operator: {
      enum: [
        'equals',
        'notEquals',
        'contains',
        'notContains',
        'beginsWith',
        'notBeginsWith',
        'endsWith',
        'notEndsWith',
        'greater',
        'greaterOrEqual',
        'less',
        'lessOrEqual',
        'hasData',
        'noData',
      ],
    },
    operand: {
      oneOf: [
        object({ literal: ref('value') }),
        object({ column: name }),
        object({
          formula: object({
            left: ref('operand'),
            op: { enum: ['+', '-', '*', '/'] },
            right: ref('operand'),
          }),
        }),
      ],
    },
    value: {
      oneOf: [
        { type: 'null' },
        { type: 'boolean' },
        { type: 'number' },
        { type: 'string', maxLength: 4000 },
        object({ table: name, id: name, name: { type: 'string', maxLength: 4000 } }, ['name']),
      ],
    },
    action: {
      oneOf: [
        action(['setValue', 'setDefault'], { value: ref('operand') }),
        action(['clear'], {}),
        action(['require'], { level: { enum: ['none', 'recommended', 'required'] } }),
        action(['visible'], { visible: { type: 'boolean' } }),
        action(['lock'], { locked: { type: 'boolean' } }),
        action(['error'], { message: text }),
        action(['recommend'], { title: text, text, actions: list(ref('action'), 1000) }),
      ],
    },
  },
};
