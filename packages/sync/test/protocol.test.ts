import { mutateJson, seededRandom } from '@outpost/testkit';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { httpTransport, staticToken } from '../src/http/index.ts';
import {
  DecodeError,
  type Decoder,
  pageResponse,
  pushRequest,
  RowSum,
} from '../src/protocol/index.ts';
import { messages } from './messages.ts';

const kinds = Object.entries(messages) as readonly (readonly [string, Message])[];
type Message = readonly [Decoder<unknown>, unknown];

describe.each(kinds)('%s', (_, [decode, message]) => {
  test('survives the wire', () => {
    expect(decode(JSON.parse(JSON.stringify(message)), '')).toEqual(message);
  });

  test('in any shape is decoded, to what is decoded to the same again, or a decode error', () => {
    const random = seededRandom(1);
    const met = { decoded: 0, refused: 0 };
    for (let n = 0; n < 1000; n++) {
      const wire: unknown = JSON.parse(JSON.stringify(mutateJson(random, message, 0.05)));
      try {
        const decoded = decode(wire, '');
        met.decoded += 1;
        expect(decode(JSON.parse(JSON.stringify(decoded)), '')).toEqual(decoded);
      } catch (error) {
        if (!(error instanceof DecodeError)) throw error;
        met.refused += 1;
      }
    }
    expect(Math.min(met.decoded, met.refused), JSON.stringify(met)).toBeGreaterThan(10);
  });
});

test('a page survives the wire; unknown members are ignored', () => {
  const cell = fc.oneof(fc.string(), fc.integer(), fc.constant(null));
  const page = fc.array(fc.string(), { maxLength: 5 }).chain((columns) =>
    fc.record({
      now: fc.string(),
      current: fc.record({ app: fc.string(), access: fc.string() }),
      table: fc.string(),
      view: fc.string(),
      columns: fc.constant(columns),
      empty: fc.array(fc.string()),
      rows: fc.array(fc.array(cell, { minLength: columns.length, maxLength: columns.length })),
      covered: fc.option(fc.string()),
    }),
  );
  fc.assert(
    fc.property(page, (value) => {
      const wire: unknown = JSON.parse(JSON.stringify({ ...value, later: 1 }));
      expect(pageResponse(wire, '')).toEqual(value);
    }),
  );
});

test.each([
  [[['a', 1], ['b']], 'rows[1] must be 2 cells'],
  [[['a', true]], 'rows[0][1] must be text, a number or null'],
  [[['a', 1], 'b'], 'rows[1] must be a list'],
  ['b', 'rows must be a list'],
])('rows %j of two columns: %s', (rows, message) => {
  const wire = {
    now: '',
    current: { app: '', access: '' },
    table: 't',
    view: '',
    columns: ['id', 'n'],
    rows,
    covered: null,
  };
  expect(() => pageResponse(wire, '')).toThrow(message);
});

test('a wrong member is named by its path', () => {
  const entry = {
    key: ['e', 1],
    op: 'merge',
    table: 't',
    id: 'i',
    set: {},
    base: {},
    after: [],
    at: '',
  };
  const message = { device: { id: 'd', epoch: 'e' }, settledBelow: [], entries: [entry] };
  expect(() => pushRequest(message, '')).toThrow(
    'entries[0].op must be one of create, update, delete',
  );
});

describe('the HTTP transport turns what happens into failures', () => {
  const answer = (status: number, body: string) => async () => ({
    status,
    headers: { get: () => null },
    arrayBuffer: async () => new TextEncoder().encode(body).buffer as ArrayBuffer,
  });
  const unauthorized = '{"error":{"code":"outpost:unauthorized"}}';
  test.each([
    ['a cut answer', answer(200, '{"now":'), 'network', null],
    ['an answer that is not understood', answer(200, '{}'), 'protocol', null],
    ['a refused token', answer(401, unauthorized), 'auth', 'outpost:unauthorized'],
    [
      'a forbidden user',
      answer(403, '{"error":{"code":"0x80072560","message":"no"}}'),
      'access',
      '0x80072560',
    ],
    ['a failing server', answer(500, '{"error":{"code":"0x80040216"}}'), 'server', '0x80040216'],
    ['a failing gateway', answer(502, '<html>'), 'network', 'outpost:foreign'],
    ['no connection', () => Promise.reject(new TypeError('cut')), 'network', null],
  ])('%s', async (_, respond, failure, code) => {
    const call = respond as unknown as typeof fetch;
    const transport = httpTransport({ url: 'http://x', tokens: staticToken('t'), fetch: call });
    const reply = await transport.hello({
      device: { id: 'd', epoch: 'e', user: null },
      previous: [],
      takeOver: false,
      uncounted: [],
    });
    expect(reply).toMatchObject({ kind: 'failed', failure: { class: failure, code } });
  });

  test('a refused token is refreshed once', async () => {
    const asked: boolean[] = [];
    const tokens = {
      async token({ refresh }: { readonly refresh: boolean }) {
        asked.push(refresh);
        return refresh ? null : 'old';
      },
    };
    const call = answer(401, unauthorized) as unknown as typeof fetch;
    const reply = await httpTransport({ url: 'http://x', tokens, fetch: call }).app();
    expect(reply).toMatchObject({ kind: 'failed', failure: { class: 'auth' } });
    expect(asked).toEqual([false, true]);
  });
});

describe('checksums of rows', () => {
  const sumOf = (...rows: readonly (readonly [string, number])[]) => {
    const sum = new RowSum();
    for (const [key, version] of rows) sum.add(key, version);
    return sum.text;
  };
  const zero = '00000000-0000-0000-0000-000000000000';
  const some = '6f9619ff-8b86-d011-b42d-00cf4fc964ff';
  const rows = [
    [zero, 0, 'e0fa82b972dc0aa9'],
    [zero, 1, 'bd317e48be9d554e'],
    [some, 919042, 'fec966f2afa5d7ea'],
    [some, 2 ** 53 - 1, 'c769d49ffe794088'],
  ] as const;

  test.each(rows)('%s of version %d', (key, version, hash) => {
    expect(sumOf([key, version])).toBe(hash);
  });

  test('add up in any order, and tell how many', () => {
    const list = rows.map(([key, version]) => [key, version] as const);
    expect(sumOf(...list)).toBe('645f3c92df987869');
    expect(sumOf(...[...list].reverse())).toBe('645f3c92df987869');
    expect(sumOf()).toBe('0000000000000000');
  });

  test('any other key or version makes another sum', () => {
    fc.assert(
      fc.property(fc.uuid(), fc.uuid(), fc.nat(), fc.nat(), (key, other, a, b) => {
        expect(sumOf([key, a]) === sumOf([key, b])).toBe(a === b);
        expect(sumOf([key, a]) === sumOf([other, a])).toBe(key === other);
      }),
    );
  });
});
