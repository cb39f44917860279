/** The part of JSON Schema (2020-12) that the formats of this package are written in. */
export interface Shape {
  readonly $schema?: string;
  readonly $id?: string;
  readonly title?: string;
  readonly description?: string;
  readonly $defs?: Readonly<Record<string, Shape>>;
  readonly $ref?: string;
  readonly oneOf?: readonly Shape[];
  readonly type?: JsonType;
  readonly const?: string;
  readonly enum?: readonly string[];
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: false;
  readonly items?: Shape;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
}

export type JsonType = 'object' | 'array' | 'string' | 'number' | 'integer' | 'boolean' | 'null';

/** Where a value has another shape: a JSON pointer, and what is wrong there. */
export interface ShapeFinding {
  readonly path: string;
  readonly message: string;
}

/** Nothing that is meant to be read is nested deeper. */
const maxDepth = 200;
const maxFindings = 100;

/** Compares a value of JSON with a shape. Finds nothing in what fits. */
export function checkShape(value: unknown, root: Shape): readonly ShapeFinding[] {
  return check(value, root, root, '', 0).slice(0, maxFindings);
}

function check(
  value: unknown,
  shape: Shape,
  root: Shape,
  path: string,
  depth: number,
): readonly ShapeFinding[] {
  const wrong = (message: string): readonly ShapeFinding[] => [{ path, message }];
  if (depth > maxDepth) return wrong(`It is nested more than ${maxDepth} deep.`);
  if (shape.$ref !== undefined) {
    const target = root.$defs?.[shape.$ref.replace('#/$defs/', '')];
    return target === undefined ? [] : check(value, target, root, path, depth + 1);
  }
  if (shape.oneOf !== undefined) return checkOneOf(value, shape.oneOf, root, path, depth);
  if (shape.type !== undefined && !isOf(value, shape.type)) {
    return wrong(`${shown(value)} is not of type ${shape.type}.`);
  }
  if (shape.const !== undefined && value !== shape.const) {
    return wrong(`${shown(value)} is not "${shape.const}".`);
  }
  if (shape.enum !== undefined && !shape.enum.some((one) => one === value)) {
    return wrong(`${shown(value)} is none of ${shape.enum.join(', ')}.`);
  }
  if (typeof value === 'string') {
    const { minLength = 0, maxLength = Number.POSITIVE_INFINITY } = shape;
    // Characters are counted as JSON Schema does: by code point.
    const { length } = [...value];
    if (length < minLength) return wrong('The text is empty.');
    if (length > maxLength) return wrong(`The text has more than ${maxLength} characters.`);
  }
  if (Array.isArray(value)) {
    const { items, minItems = 0, maxItems = Number.POSITIVE_INFINITY } = shape;
    if (value.length < minItems) return wrong(`The list has fewer than ${minItems} items.`);
    if (value.length > maxItems) return wrong(`The list has more than ${maxItems} items.`);
    if (items === undefined) return [];
    return value.flatMap((one, i) => check(one, items, root, `${path}/${i}`, depth + 1));
  }
  return isRecord(value) ? checkMembers(value, shape, root, path, depth) : [];
}

function checkMembers(
  value: Readonly<Record<string, unknown>>,
  { properties = {}, required = [], additionalProperties }: Shape,
  root: Shape,
  path: string,
  depth: number,
): readonly ShapeFinding[] {
  const found: ShapeFinding[] = [];
  for (const name of required) {
    if (!Object.hasOwn(value, name)) found.push({ path, message: `"${name}" is missing.` });
  }
  for (const [name, member] of Object.entries(value)) {
    const place = `${path}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    if (Object.hasOwn(properties, name)) {
      found.push(...check(member, properties[name] ?? {}, root, place, depth + 1));
    } else if (additionalProperties === false) {
      const known = Object.keys(properties).join(', ');
      found.push({ path: place, message: `"${name}" is not known here. Known: ${known}.` });
    }
  }
  return found;
}

/** Finds what is wrong with the alternative that the value comes closest to. */
function checkOneOf(
  value: unknown,
  shapes: readonly Shape[],
  root: Shape,
  path: string,
  depth: number,
): readonly ShapeFinding[] {
  const shape = closest(value, shapes, root);
  if (shape !== null) return check(value, shape, root, path, depth + 1);
  const kinds = shapes.map((one) => nameOf(resolve(one, root))).join('; ');
  return [{ path, message: `${shown(value)} is none of these: ${kinds}.` }];
}

function resolve(shape: Shape, root: Shape): Shape {
  return shape.$ref === undefined
    ? shape
    : (root.$defs?.[shape.$ref.replace('#/$defs/', '')] ?? {});
}

/** By `kind`, else by the members that must be there, else by type. */
function closest(value: unknown, shapes: readonly Shape[], root: Shape): Shape | null {
  const options = shapes.map((one) => resolve(one, root));
  if (!isRecord(value)) {
    return options.find((one) => one.type !== undefined && isOf(value, one.type)) ?? null;
  }
  const objects = options.filter((one) => one.type === 'object');
  const byKind = objects.find((one) => {
    const { kind } = one.properties ?? {};
    return kind !== undefined && check(value['kind'], kind, root, '', 0).length === 0;
  });
  if (byKind !== undefined || objects.some((one) => one.properties?.['kind'] !== undefined)) {
    return byKind ?? null;
  }
  const [first] = objects.filter((one) =>
    (one.required ?? []).some((name) => Object.hasOwn(value, name)),
  );
  return first ?? null;
}

function nameOf({ type, properties = {}, required = [] }: Shape): string {
  const { kind } = properties;
  if (kind !== undefined) return `{ kind: ${kind.const ?? kind.enum?.join(' | ')} }`;
  return type === 'object' ? `{ ${required.join(', ')} }` : (type ?? 'anything');
}

function isOf(value: unknown, type: JsonType): boolean {
  switch (type) {
    case 'null':
      return value === null;
    case 'array':
      return Array.isArray(value);
    case 'object':
      return isRecord(value);
    case 'integer':
      return Number.isInteger(value);
    default:
      return typeof value === type;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function shown(value: unknown): string {
  if (value === undefined) return 'What is missing';
  const text = Array.isArray(value)
    ? 'a list'
    : isRecord(value)
      ? 'an object'
      : JSON.stringify(value);
  return text.length > 40 ? `${text.slice(0, 40)}...` : text;
}
