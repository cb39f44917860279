import type { Random } from '@outpost/model';

/** Pieces that break what is read carelessly. */
const nasty: readonly string[] = [
  '',
  '\u0000',
  '\ud800',
  '\u202e',
  '\ufeff',
  '"',
  "'",
  '<',
  '>',
  '&',
  '&amp;',
  '&#x0;',
  '<![CDATA[',
  '<!DOCTYPE a [<!ENTITY b "c">]>',
  ']]>',
  '-->',
  '{',
  '}',
  '[',
  ']',
  'null',
  'true',
  '1e999',
  '-0',
  '9007199254740993',
  '0x10',
  '__proto__',
  'constructor',
  'toString',
  '$owner',
  "' OR 1=1 --",
  '%',
  '%%%%%%%%',
  '[^]',
  '../../x',
  '日本語',
  '😀',
];

/** The text with a few places changed: cut out, doubled, moved, replaced by something odd, or nested very deep. */
export function mutateText(random: Random, text: string): string {
  let changed = text;
  const int = (below: number) => Math.floor(random.next() * below);
  for (let n = 1 + int(4); n > 0; n--) {
    const from = int(changed.length + 1);
    const to = Math.min(changed.length, from + int(1 + int(40)));
    const part = changed.slice(from, to);
    const before = changed.slice(0, from);
    const after = changed.slice(to);
    const kind = int(6);
    if (kind === 0) changed = before + after;
    else if (kind === 1) changed = before + part + part + after;
    else if (kind === 2) changed = before + (nasty[int(nasty.length)] ?? '') + after;
    else if (kind === 3)
      changed = before + String.fromCharCode(int(0x10000)) + changed.slice(from + 1);
    else if (kind === 4) {
      const at = int(changed.length + 1);
      changed = changed.slice(0, at) + part + changed.slice(at);
    } else changed = before + part.repeat(int(20) === 0 ? 5000 : 3) + after;
  }
  return changed;
}

/** The bytes with a few places changed, cut off, or doubled. */
export function mutateBytes(random: Random, bytes: Uint8Array): Uint8Array {
  const int = (below: number) => Math.floor(random.next() * below);
  let changed = bytes.slice();
  for (let n = 1 + int(4); n > 0; n--) {
    const at = int(changed.length);
    const kind = int(4);
    if (kind === 0) changed = changed.slice(0, at);
    else if (kind === 1) changed[at] = int(256);
    else if (kind === 2) changed[at] = [0, 0xff, 0x7f, 0x80][int(4)] ?? 0;
    else changed = Uint8Array.from([...changed.slice(0, at), ...changed.slice(int(at + 1))]);
  }
  return changed;
}

/** A JSON value with a few members changed, left out, or replaced by values of another kind. */
export function mutateJson(random: Random, value: unknown, chance = 0.1): unknown {
  if (random.next() < chance) return odd(random);
  if (Array.isArray(value)) {
    const items = value.flatMap((item: unknown) =>
      random.next() < chance ? [] : [mutateJson(random, item, chance)],
    );
    return random.next() < chance ? [...items, ...items, odd(random)] : items;
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, member]) => {
      if (random.next() < chance / 2) return [];
      const renamed =
        random.next() < chance / 4 ? (nasty[Math.floor(random.next() * nasty.length)] ?? '') : name;
      return [[renamed, mutateJson(random, member, chance)]];
    }),
  );
}

function odd(random: Random): unknown {
  const list: readonly unknown[] = [
    null,
    true,
    0,
    -1,
    1.5,
    1e308,
    Number.MAX_SAFE_INTEGER,
    '',
    [],
    {},
    [[[[]]]],
    'x'.repeat(10_000),
    nasty[Math.floor(random.next() * nasty.length)],
  ];
  return list[Math.floor(random.next() * list.length)];
}
