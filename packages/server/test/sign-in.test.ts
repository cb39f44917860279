import { createServer as createHttpServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { deviceCodeTokens } from '@outpost/sync/http';
import { testSystem } from '@outpost/testkit';
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  type Authenticator,
  anyOf,
  createServer,
  developmentIssuer,
  jwtAuthenticator,
  tokenList,
} from '../src/index.ts';
import { listen } from '../src/node/index.ts';
import { openStore } from './stores.ts';
import { id, model, users } from './web-api/world.ts';

const issuer = 'https://login.example/tenant/v2.0';
const audience = 'https://org.example';
const opened: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});

interface Key {
  readonly kid: string;
  readonly alg: string;
  readonly privateKey: CryptoKey;
  readonly jwk: JWK;
}
async function newKey(kid: string, alg = 'RS256'): Promise<Key> {
  const { publicKey, privateKey } = await generateKeyPair(alg);
  return { kid, alg, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } };
}
let first: Key;
let second: Key;
beforeAll(async () => {
  first = await newKey('first');
  second = await newKey('second', 'ES256');
});

const system = testSystem(3);
const nowSeconds = () => Math.floor(system.clock.now() / 1000);
function token(key: Key, claims: Readonly<Record<string, unknown>> = {}): Promise<string> {
  const all = {
    iss: issuer,
    aud: audience,
    tid: 'tenant',
    oid: users.rita,
    scp: 'user_impersonation',
    iat: nowSeconds(),
    nbf: nowSeconds(),
    exp: nowSeconds() + 3600,
    ...claims,
  };
  return new SignJWT(all).setProtectedHeader({ alg: key.alg, kid: key.kid }).sign(key.privateKey);
}

/** Serves a set of keys that can change, and counts who asks. */
async function keyServer() {
  const served = { keys: [first.jwk], requests: 0, isDown: false };
  const server: Server = createHttpServer((_, answer) => {
    served.requests += 1;
    answer.writeHead(served.isDown ? 500 : 200, { 'content-type': 'application/json' });
    answer.end(JSON.stringify({ keys: served.keys }));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  opened.push(() => new Promise((done) => server.close(done)));
  const { port } = server.address() as AddressInfo;
  return { served, url: `http://127.0.0.1:${port}/keys` };
}

async function organizationWith(auth: Authenticator, extra: readonly string[] = []) {
  const organization = await createServer({
    store: openStore(),
    model,
    auth,
    system,
    limits: 'off',
  });
  const unit = { table: 'businessunit', id: id(90), name: 'Root' };
  await organization.load([
    { table: 'businessunit', id: unit.id, values: { name: 'Root' } },
    ...[users.rita, ...extra].flatMap((user, n) => [
      { table: 'systemuser', id: user, values: { fullname: `U${n}`, businessunitid: unit } },
      {
        table: 'systemuserroles',
        id: id(60 + n),
        values: { systemuserid: { table: 'systemuser', id: user }, roleid: id(50) },
      },
    ]),
  ]);
  opened.push(() => organization.close());
  const whoAmI = async (bearer: string) => {
    const response = await organization.handle({
      method: 'GET',
      url: '/api/data/v9.2/WhoAmI',
      headers: { authorization: `Bearer ${bearer}` },
      body: null,
    });
    const { UserId, error } = JSON.parse(response.body) as {
      UserId?: string;
      error?: { code: string };
    };
    return { status: response.status, user: UserId, code: error?.code, headers: response.headers };
  };
  return { organization, whoAmI };
}

describe('JSON Web Tokens', () => {
  test('each of these is accepted or refused for its reason', async () => {
    const { url } = await keyServer();
    const auth = jwtAuthenticator({
      issuer,
      audience,
      tenant: 'tenant',
      keys: { url },
      clock: system.clock,
    });
    const { whoAmI } = await organizationWith(auth);
    const secret = new TextEncoder().encode(JSON.stringify(first.jwk));
    const confused = await new SignJWT({ oid: users.rita, scp: 'user_impersonation' })
      .setProtectedHeader({ alg: 'HS256', kid: first.kid })
      .setIssuer(issuer)
      .setAudience(audience)
      .setExpirationTime(nowSeconds() + 60)
      .sign(secret);
    const good = await token(first);
    const [head = '', body = '', signature = ''] = good.split('.');
    const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const cases: readonly (readonly [string, string, number])[] = [
      ['a good one', good, 200],
      ['an application with roles', await token(first, { scp: undefined, roles: ['app'] }), 200],
      ['a little early', await token(first, { nbf: nowSeconds() + 30 }), 200],
      ['another issuer', await token(first, { iss: 'https://evil.example' }), 401],
      ['another audience', await token(first, { aud: 'https://other.example' }), 401],
      ['another tenant', await token(first, { tid: 'other' }), 401],
      ['expired', await token(first, { exp: nowSeconds() - 61 }), 401],
      ['not yet', await token(first, { nbf: nowSeconds() + 120 }), 401],
      ['without an end', await token(first, { exp: undefined }), 401],
      ['without a user', await token(first, { oid: undefined }), 401],
      ['for another scope', await token(first, { scp: 'profile' }), 401],
      ['of an unknown key', await token(second), 401],
      ['no algorithm', `${part({ alg: 'none' })}.${body}.`, 401],
      ['the public key as a secret', confused, 401],
      [
        'a changed body',
        `${head}.${part({ iss: issuer, aud: audience, oid: users.rita, exp: nowSeconds() + 60, scp: 'user_impersonation' })}.${signature}`,
        401,
      ],
      ['no token', 'nonsense', 401],
      ['a user that there is not', await token(first, { oid: id(4711) }), 403],
    ];
    for (const [what, bearer, status] of cases) {
      expect((await whoAmI(bearer)).status, what).toBe(status);
    }
  });

  test('the object id of the directory names the user; an id that belongs to another is none', async () => {
    const auth = jwtAuthenticator({
      issuer,
      audience,
      keys: { set: { keys: [first.jwk] } },
      clock: system.clock,
    });
    const { organization, whoAmI } = await organizationWith(auth, [users.ana]);
    const hasColumn = organization.model.tables
      .find((one) => one.name === 'systemuser')
      ?.columns.some((one) => one.name === 'azureactivedirectoryobjectid');
    expect(hasColumn).toBe(true);
    await organization.as(users.rita).update({
      table: 'systemuser',
      id: users.ana,
      values: { azureactivedirectoryobjectid: id(777) },
    });
    expect((await whoAmI(await token(first, { oid: id(777) }))).user).toBe(users.ana);
    expect((await whoAmI(await token(first, { oid: users.ana }))).status).toBe(403);
    expect((await whoAmI(await token(first))).user).toBe(users.rita);
  });

  test('a token that is kept ends with its time', async () => {
    const auth = jwtAuthenticator({
      issuer,
      audience,
      keys: { set: { keys: [first.jwk] } },
      clock: system.clock,
    });
    const { whoAmI } = await organizationWith(auth);
    const short = await token(first, { exp: nowSeconds() + 30 });
    expect((await whoAmI(short)).status).toBe(200);
    system.clock.advance({ minutes: 2 });
    expect((await whoAmI(short)).status).toBe(401);
  });

  test('keys that cannot be had are no verdict about the token; a new key is found', async () => {
    const { served, url } = await keyServer();
    served.isDown = true;
    const auth = jwtAuthenticator({ issuer, audience, keys: { url }, clock: system.clock });
    const { whoAmI } = await organizationWith(auth);
    const bearer = await token(first);
    expect(await whoAmI(bearer)).toMatchObject({ status: 503, code: 'outpost:keys' });
    served.isDown = false;
    expect((await whoAmI(bearer)).status).toBe(200);
    // A key that is not known is not looked for at every request.
    const before = served.requests;
    for (let n = 0; n < 5; n++) await whoAmI(await token(second, { jti: String(n) }));
    expect(served.requests - before).toBeLessThanOrEqual(1);
    const rotated = jwtAuthenticator({ issuer, audience, keys: { url }, clock: system.clock });
    served.keys = [second.jwk];
    const later = await organizationWith(rotated);
    expect((await later.whoAmI(await token(second))).status).toBe(200);
  });

  test('the challenge says where to sign in', async () => {
    const auth = anyOf(
      tokenList(new Map([['known', users.rita]])),
      jwtAuthenticator({
        issuer,
        audience,
        keys: { set: { keys: [] } },
        clock: system.clock,
        signIn: 'https://login.example/authorize',
      }),
    );
    const { whoAmI } = await organizationWith(auth);
    expect((await whoAmI('known')).status).toBe(200);
    expect((await whoAmI('other')).headers['www-authenticate']).toBe(
      'Bearer authorization_uri="https://login.example/authorize"',
    );
  });
});

describe('the developer issuer', () => {
  async function openIssuer() {
    const provider = await developmentIssuer({
      audience,
      users: [{ id: users.rita, name: 'Rita <b>' }],
      clients: new Map([['robot', { secret: 's', userId: users.rita }]]),
      system,
      tokenSeconds: 600,
    });
    const auth = jwtAuthenticator({
      issuer: provider.issuer,
      audience,
      keys: { set: provider.keys },
      clock: system.clock,
    });
    const { organization, whoAmI } = await organizationWith(auth);
    const server = await listen(organization, { issuer: provider });
    opened.push(() => server.close());
    return { provider, whoAmI, url: server.url };
  }

  test('a person types the code; tokens are renewed; a keeper remembers', async () => {
    const { whoAmI, url } = await openIssuer();
    let kept: string | null = null;
    const keeper = {
      read: async () => kept,
      write: async (value: string | null) => {
        kept = value;
      },
    };
    const options = { issuer: url, clientId: 'device', scope: 'x', clock: system.clock, keeper };
    const tokens = deviceCodeTokens({
      ...options,
      onCode: async ({ userCode, verificationUri, completeUri }) => {
        expect(verificationUri).toBe(`${url}/oauth2/device`);
        const shown = await (await fetch(completeUri ?? '')).text();
        expect(shown).toContain(userCode);
        expect(shown).toContain('Rita &#60;b&#62;');
        const typed = new URLSearchParams({ user_code: userCode.toLowerCase(), user: users.rita });
        const done = await fetch(verificationUri, { method: 'POST', body: typed });
        expect(await done.text()).toContain('Signed in');
      },
    });
    expect(await tokens.token({ refresh: false })).toBeNull();
    await tokens.signIn();
    const one = await tokens.token({ refresh: false });
    expect((await whoAmI(one ?? '')).user).toBe(users.rita);
    expect(await tokens.token({ refresh: false })).toBe(one);
    // Before it ends, and all at once: one renewal.
    system.clock.advance({ minutes: 10 });
    const [a, b] = await Promise.all([
      tokens.token({ refresh: false }),
      tokens.token({ refresh: true }),
    ]);
    expect(a).toBeTypeOf('string');
    expect(b).toBe(a);
    expect(a).not.toBe(one);
    const restarted = deviceCodeTokens({ ...options, onCode: () => expect.fail('asked again') });
    expect((await whoAmI((await restarted.token({ refresh: false })) ?? '')).status).toBe(200);
    await restarted.signOut();
    expect(kept).toBeNull();
    expect(await restarted.token({ refresh: false })).toBeNull();
  });

  test('N02k: who has signed out is not let in again by an answer that was on its way', async () => {
    const { provider, url } = await openIssuer();
    const kept: (string | null)[] = [];
    const answering = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    let holds = false;
    const tokens = deviceCodeTokens({
      issuer: url,
      clientId: 'device',
      scope: 'x',
      clock: system.clock,
      keeper: {
        read: async () => kept.at(-1) ?? null,
        write: async (value) => {
          kept.push(value);
        },
      },
      async fetch(input, init) {
        const answer = await fetch(input, init);
        if (holds && String(input).endsWith('/token')) {
          answering.resolve();
          await release.promise;
        }
        return answer;
      },
      onCode: ({ userCode }) => {
        provider.approve(userCode, users.rita);
      },
    });
    await tokens.signIn();
    expect(await tokens.account?.()).toContain(users.rita);
    holds = true;
    const renewing = tokens.token({ refresh: true });
    await answering.promise;
    await tokens.signOut();
    release.resolve();
    expect(await renewing).toBeNull();
    expect(await tokens.token({ refresh: false })).toBeNull();
    expect(await tokens.account?.()).toBeNull();
    expect(kept.at(-1)).toBeNull();
  });

  test('a person who is slow is waited for; one who never comes is not', async () => {
    const { provider, url } = await openIssuer();
    // Waiting is skipped, time passes all the same.
    const clock = {
      now: () => system.clock.now(),
      schedule: (at: number, callback: () => void) => {
        system.clock.advance({ ms: Math.max(0, at - system.clock.now()) });
        queueMicrotask(callback);
        return () => undefined;
      },
    };
    const options = { issuer: url, clientId: 'device', scope: 'x', clock };
    let polls = 0;
    const counting: typeof fetch = (input, init) => {
      if (String(input).endsWith('/token')) polls += 1;
      return fetch(input, init);
    };
    let shown = '';
    const slow = deviceCodeTokens({
      ...options,
      fetch: (input, init) => {
        if (polls === 3) provider.approve(shown, users.rita);
        return counting(input, init);
      },
      onCode: ({ userCode }) => {
        shown = userCode;
      },
    });
    await slow.signIn();
    expect(polls).toBe(4);
    const never = deviceCodeTokens({ ...options, fetch: counting, onCode: () => undefined });
    await expect(never.signIn()).rejects.toMatchObject({ code: 'signIn.expired' });
    const away = deviceCodeTokens({
      ...options,
      issuer: 'http://127.0.0.1:9',
      onCode: () => undefined,
    });
    await expect(away.signIn()).rejects.toMatchObject({ code: 'signIn.unreachable' });
  });

  test('applications sign in by themselves; what is wrong is refused', async () => {
    const { whoAmI, url, provider } = await openIssuer();
    const ask = async (
      form: Readonly<Record<string, string>>,
    ): Promise<Readonly<Record<string, unknown>>> => {
      const response = await fetch(`${url}/oauth2/token`, {
        method: 'POST',
        body: new URLSearchParams(form),
      });
      return { status: response.status, ...((await response.json()) as Record<string, unknown>) };
    };
    const client = { grant_type: 'client_credentials', client_id: 'robot' };
    const given = await ask({ ...client, client_secret: 's' });
    expect((await whoAmI(String(given['access_token']))).user).toBe(users.rita);
    expect(await ask({ ...client, client_secret: 'no' })).toMatchObject({ status: 401 });
    expect(await ask({ grant_type: 'password' })).toMatchObject({
      error: 'unsupported_grant_type',
    });
    expect(await ask({ grant_type: 'refresh_token', refresh_token: 'x' })).toMatchObject({
      error: 'invalid_grant',
    });
    expect(provider.approve('AAAA-AAAA', users.rita)).toBe(false);
    const keys = await (await fetch(`${url}/oauth2/jwks`)).json();
    expect(JSON.stringify(keys)).not.toContain('"d"');
  });
});
