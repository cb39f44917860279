import { expect, test } from 'vitest';
import { httpTransport, messageTransport, staticToken } from '../src/http/index.ts';
import { syncPaths } from '../src/protocol/index.ts';
import { messages } from './messages.ts';

const hello = messages.helloResponse[1];
const pull = messages.pullRequest[1];
const push = messages.pushRequest[1];

const unauthorized = JSON.stringify({ error: { code: 'outpost:unauthorized', message: 'No.' } });

/** An organization that lets everybody in, as whoever the token names. */
function organization() {
  const sent: string[] = [];
  const state = { token: 'u1' };
  const answers: Readonly<Record<string, (user: string) => unknown>> = {
    [syncPaths.hello]: (id) => ({ ...hello, user: { ...hello.user, id } }),
    [syncPaths.who]: (id) => ({ now: hello.now, organization: 'o1', user: { id, name: id } }),
    [syncPaths.pull]: () => messages.pullResponse[1],
    [syncPaths.push]: () => messages.pushResponse[1],
  };
  const transport = messageTransport({
    tokens: { token: async () => state.token },
    async exchange({ path, token }) {
      sent.push(`${path.slice('/sync/v1/'.length)} ${token}`);
      const status = token === 'expired' ? 401 : 200;
      const text = status === 401 ? unauthorized : JSON.stringify(answers[path]?.(token) ?? {});
      return { status, bytes: text.length, text, retryAfterMs: null };
    },
  });
  return { transport, state, sent };
}

test('N02b: before anything is sent with another token, whose it is is asked; once', async () => {
  const { transport, state, sent } = organization();
  await transport.hello(messages.helloRequest[1]);
  await transport.pull(pull);
  expect(sent).toEqual(['hello u1', 'pull u1']);
  state.token = 'U1';
  expect(await transport.push(push)).toMatchObject({ kind: 'ok' });
  expect(await transport.pull(pull)).toMatchObject({ kind: 'ok' });
  state.token = 'u2';
  const refused = { kind: 'failed', failure: { code: 'outpost:otherUser', status: 409 } };
  expect(await transport.push(push)).toMatchObject(refused);
  expect(await transport.pull(pull)).toMatchObject(refused);
  expect(sent.slice(2)).toEqual(['who U1', 'push U1', 'pull U1', 'who u2']);
});

test('N02b: a token that is not accepted is renewed before it is known whose it is', async () => {
  const { transport, state, sent } = organization();
  state.token = 'expired';
  const renewed = messageTransport({
    tokens: { token: async ({ refresh }) => (refresh ? 'u1' : 'expired') },
    exchange: async ({ path, token }) => {
      sent.push(`${path.slice('/sync/v1/'.length)} ${token}`);
      const isWho = path === syncPaths.who;
      if (token === 'expired')
        return { status: 401, bytes: 1, text: unauthorized, retryAfterMs: null };
      const text = JSON.stringify(
        isWho
          ? { now: hello.now, organization: null, user: { id: token, name: token } }
          : messages.pullResponse[1],
      );
      return { status: 200, bytes: 1, text, retryAfterMs: null };
    },
  });
  expect(await renewed.pull(pull)).toMatchObject({ kind: 'ok' });
  expect(sent).toEqual(['who expired', 'who u1', 'pull u1']);
  expect(await transport.pull(pull)).toMatchObject({ failure: { class: 'auth', status: 401 } });
});

test('N02c: tokens of one account name it alike, and those of others do not', async () => {
  const jwt = (claims: object, signature = 's') =>
    ['{}', JSON.stringify(claims), signature]
      .map((part) => Buffer.from(part).toString('base64url'))
      .join('.');
  const account = (token: string) =>
    httpTransport({ url: 'http://x', tokens: staticToken(token) }).account?.();
  const ana = { iss: 'https://login.example', oid: 'ana', sub: 'x', name: 'Ana Ölüdeniz' };
  const first = await account(jwt({ ...ana, exp: 1 }));
  expect(first).toBe('https://login.example ana');
  expect(await account(jwt({ ...ana, sub: 'y', exp: 2 }, 'other'))).toBe(first);
  expect(await account(jwt({ ...ana, oid: 'ben' }))).not.toBe(first);
  expect(await account(jwt({ ...ana, iss: 'https://other.example' }))).not.toBe(first);
  // A token that says nothing is its own name.
  for (const opaque of ['token-ana', 'a.b.c', 'a.bnVsbA.c', jwt({ iss: 'x' })]) {
    expect(await account(opaque)).toBe(opaque);
  }
});
