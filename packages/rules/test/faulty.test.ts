import type { BusinessRule } from '@outpost/model';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import {
  activateRule,
  businessRulesFormat,
  businessRulesSchema,
  compileRules,
  deactivateRule,
  editRule,
  lintRules,
  readBusinessRules,
  writeBusinessRules,
} from '../src/index.ts';
import { faultyRules, misshapenRules, soundRules, table } from './faulty-rules.ts';

const validate = new Ajv2020({ strict: true }).compile(businessRulesSchema);
const read = (rule: unknown) =>
  readBusinessRules(JSON.stringify({ format: businessRulesFormat, rules: [rule] }));
const asRule = (json: unknown) => json as BusinessRule;

test('there are more than two hundred faulty rules', () => {
  expect(faultyRules.length).toBeGreaterThanOrEqual(200);
  expect(misshapenRules.length).toBeGreaterThanOrEqual(60);
});

describe('R09: a rule that means nothing in its table is reported with its place, and never runs', () => {
  test.each(faultyRules)('$about', ({ rule, code, path }) => {
    // The shape is right: only the table tells.
    expect(read(rule)).toEqual({ kind: 'ok', value: [rule] });
    expect(validate({ format: businessRulesFormat, rules: [rule] })).toBe(true);
    const found = lintRules([asRule(rule)], [table]).filter((one) => one.severity === 'error');
    expect(found.map((one) => `${one.code} ${one.location}`)).toContain(
      `rule.${code} rule "Rule" ${path}`,
    );
    const { program } = compileRules([asRule(rule)], table, null);
    const { session, first } = program.open({ flag: true }, 'create');
    expect({ ...session.effects, values: first.values }).toEqual({
      values: {},
      required: {},
      visible: {},
      locked: {},
      errors: {},
      recommendations: [],
    });
    expect(program.runTableScope(null, { flag: true })).toEqual({ kind: 'accepted', values: {} });
  });
});

test('rules in which nothing is wrong raise no error', () => {
  expect(soundRules.length).toBeGreaterThan(150);
  for (const rule of soundRules) {
    expect(read(rule)).toEqual({ kind: 'ok', value: [rule] });
    const found = lintRules([rule], [table], { mixedAndOr: false });
    expect(found.filter((one) => one.severity === 'error')).toEqual([]);
  }
});

describe('a rule of another shape is refused with its place', () => {
  test.each(misshapenRules)('$path $rule', ({ rule, path }) => {
    const result = read(rule);
    expect(result.kind).toBe('invalid');
    const places = result.kind === 'invalid' ? result.errors.map((one) => one.location) : [];
    expect(places).toContain(`/rules/0${path}`);
    // The published schema says the same.
    expect(validate({ format: businessRulesFormat, rules: [rule] })).toBe(false);
  });

  test.each([
    ['', /no JSON/],
    ['{', /no JSON/],
    ['[]', /not of type object/],
    ['{"format":"business-rules/2","rules":[]}', /is not "business-rules\/1"/],
    ['{"format":"business-rules/1"}', /"rules" is missing/],
    [`${'['.repeat(200_000)}`, /no JSON/],
    [
      `{"format":"business-rules/1","rules":[${'{"not":'.repeat(5000)}1${'}'.repeat(5000)}]}`,
      /missing/,
    ],
    ['x'.repeat(10_000_001), /More than/],
  ])('%.40s', (text, message) => {
    const result = readBusinessRules(text);
    expect(result.kind === 'invalid' ? result.errors[0]?.message : '').toMatch(message);
  });

  test('a condition nested without end is refused, not followed', () => {
    let when: unknown = { column: 'flag', op: 'hasData', operands: [] };
    for (let i = 0; i < 3000; i++) when = { not: when };
    const [first] = soundRules;
    const result = read({ ...first, branches: [{ when, then: [] }] });
    expect(result.kind === 'invalid' ? result.errors[0]?.message : '').toMatch(/nested/);
  });
});

test('rules written to a file are the same when read', () => {
  expect(readBusinessRules(writeBusinessRules(soundRules))).toEqual({
    kind: 'ok',
    value: soundRules,
  });
});

test('a condition that mixes AND and OR is an error where the designer could not have made it', () => {
  const [first] = soundRules as readonly [BusinessRule];
  const clause = { column: 'flag', op: 'hasData', operands: [] } as const;
  const when = { all: [clause, { any: [clause, clause] }] };
  const mixed: BusinessRule = {
    ...first,
    branches: [{ when, then: first.branches[0]?.then ?? [] }],
  };
  const codes = (mixedAndOr: boolean) =>
    lintRules([mixed], [table], { mixedAndOr }).map((one) => one.code);
  expect(codes(false)).toContain('rule.mixedAndOr');
  expect(codes(true)).not.toContain('rule.mixedAndOr');
});

describe('R10: a rule is edited as a draft; only active rules run', () => {
  const [sound] = soundRules as readonly [BusinessRule];

  test('draft, edited, activated, deactivated', () => {
    expect(() => editRule(sound, { name: 'Other' })).toThrow(
      expect.objectContaining({ code: 'rule.active', fix: expect.stringContaining('Deactivate') }),
    );
    const draft = deactivateRule(sound);
    const runs = (rule: BusinessRule) =>
      Object.keys(
        compileRules([rule], table, null).program.open({ flag: true }, 'create').first.values,
      ).length > 0;
    expect([runs(sound), runs(draft)]).toEqual([true, false]);
    const edited = editRule(draft, { name: 'Other' });
    expect(activateRule(edited, table)).toEqual({
      kind: 'ok',
      value: { ...sound, name: 'Other', state: 'active' },
    });
  });

  test.each([
    ['file', '0x80060000'],
    ['no action', '0x80060011'],
    ['no branch', '0x80060008'],
  ])('R09: %s: activation is refused with %s', (about, code) => {
    const faulty = faultyRules.find((one) => one.about.includes(about))?.rule;
    const result = activateRule(deactivateRule(asRule(faulty)), table);
    expect(result).toMatchObject({ kind: 'invalid', errors: [{ dataverseCode: code }] });
  });
});
