import type { System } from '@outpost/model';
import { exportJWK, generateKeyPair, type JSONWebKeySet, SignJWT } from 'jose';
import type { ServerRequest, ServerResponse } from '../http/message.ts';

export interface DevelopmentIssuerOptions {
  /** The `aud` of its tokens. */
  readonly audience: string;
  /** Who may sign in; nobody is asked for a password. */
  readonly users: readonly { readonly id: string; readonly name: string }[];
  /** Applications that sign in by themselves: secret and user by client id. */
  readonly clients?: ReadonlyMap<string, { readonly secret: string; readonly userId: string }>;
  readonly system: System;
  /** Seconds that a token lives; default 3600. */
  readonly tokenSeconds?: number;
}

/**
 * An identity provider for development: discovery, keys, the device code flow (RFC 8628) with a page to choose a user,
 * refresh tokens, client credentials. It believes everybody: never to be reachable for others.
 */
export interface DevelopmentIssuer {
  /** The `iss` of its tokens. */
  readonly issuer: string;
  readonly keys: JSONWebKeySet;
  /** Answers its own addresses; null for all others. */
  handle(request: ServerRequest): Promise<ServerResponse | null>;
  /** What a person does on the page: lets a device in as a user. False: no device shows that code. */
  approve(userCode: string, userId: string): boolean;
}

const issuer = 'urn:outpost:development';
const codeMs = 15 * 60_000;
const intervalSeconds = 1;
const mostPending = 1000;
const mostSessions = 10_000;
/** No vowels and nothing that looks alike: nobody misreads or is offended. */
const letters = 'BCDFGHJKLMNPQRSTVWXZ';

interface PendingCode {
  readonly userCode: string;
  readonly until: number;
  userId: string | null;
}

export async function developmentIssuer(
  options: DevelopmentIssuerOptions,
): Promise<DevelopmentIssuer> {
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  const kid = options.system.ids.next();
  const keys = { keys: [{ ...(await exportJWK(publicKey)), kid, alg: 'ES256', use: 'sig' }] };
  const sign = (claims: Readonly<Record<string, unknown>>, seconds: number) => {
    const now = Math.floor(options.system.clock.now() / 1000);
    return new SignJWT({ ...claims, iat: now, nbf: now, exp: now + seconds })
      .setProtectedHeader({ alg: 'ES256', kid, typ: 'JWT' })
      .setIssuer(issuer)
      .setAudience(options.audience)
      .sign(privateKey);
  };
  return new Issuer(options, keys, sign);
}

type Sign = (claims: Readonly<Record<string, unknown>>, seconds: number) => Promise<string>;

class Issuer implements DevelopmentIssuer {
  readonly issuer = issuer;
  readonly keys: JSONWebKeySet;
  readonly #options: DevelopmentIssuerOptions;
  readonly #sign: Sign;
  readonly #pending = new Map<string, PendingCode>();
  readonly #refresh = new Map<string, string>();

  constructor(options: DevelopmentIssuerOptions, keys: JSONWebKeySet, sign: Sign) {
    this.#options = options;
    this.keys = keys;
    this.#sign = sign;
  }

  async handle(request: ServerRequest): Promise<ServerResponse | null> {
    const [path = '', query = ''] = request.url.split('?');
    const form = new URLSearchParams(
      request.method === 'POST'
        ? new TextDecoder().decode(request.body ?? new Uint8Array())
        : query,
    );
    switch (`${request.method} ${path}`) {
      case 'GET /.well-known/openid-configuration':
        return json(200, discovery(request));
      case 'GET /oauth2/jwks':
        return json(200, this.keys);
      case 'POST /oauth2/devicecode':
        return this.#newCode(request);
      case 'POST /oauth2/token':
        return this.#token(form);
      case 'GET /oauth2/device':
        return page(this.#choice(form.get('user_code') ?? '', ''));
      case 'POST /oauth2/device': {
        const code = form.get('user_code') ?? '';
        const isIn = this.approve(code, form.get('user') ?? '');
        return page(isIn ? signedIn : this.#choice(code, 'No device shows that code.'));
      }
      default:
        return null;
    }
  }

  approve(userCode: string, userId: string): boolean {
    const wanted = userCode.toUpperCase().replace(/[^A-Z]/g, '');
    const found = [...this.#pending.values()].find(
      (one) => one.userCode === wanted && one.until > this.#now(),
    );
    if (found === undefined || !this.#options.users.some((one) => one.id === userId)) return false;
    found.userId = userId;
    return true;
  }

  #now(): number {
    return this.#options.system.clock.now();
  }

  #newCode(request: ServerRequest): ServerResponse {
    for (const [code, { until }] of this.#pending) {
      if (until <= this.#now()) this.#pending.delete(code);
    }
    if (this.#pending.size >= mostPending) return json(400, { error: 'slow_down' });
    const { ids, random } = this.#options.system;
    const deviceCode = `${ids.next()}${ids.next()}`;
    const userCode = Array.from({ length: 8 }, () =>
      letters.charAt(Math.floor(random.next() * letters.length)),
    ).join('');
    this.#pending.set(deviceCode, { userCode, until: this.#now() + codeMs, userId: null });
    const shown = `${userCode.slice(0, 4)}-${userCode.slice(4)}`;
    const address = `${hostOf(request)}/oauth2/device`;
    return json(200, {
      device_code: deviceCode,
      user_code: shown,
      verification_uri: address,
      verification_uri_complete: `${address}?user_code=${shown}`,
      expires_in: codeMs / 1000,
      interval: intervalSeconds,
    });
  }

  async #token(form: URLSearchParams): Promise<ServerResponse> {
    switch (form.get('grant_type')) {
      case 'urn:ietf:params:oauth:grant-type:device_code': {
        const code = form.get('device_code') ?? '';
        const pending = this.#pending.get(code);
        if (pending === undefined || pending.until <= this.#now()) {
          return json(400, { error: 'expired_token' });
        }
        if (pending.userId === null) return json(400, { error: 'authorization_pending' });
        this.#pending.delete(code);
        return this.#userToken(pending.userId);
      }
      case 'refresh_token': {
        const token = form.get('refresh_token') ?? '';
        const userId = this.#refresh.get(token);
        if (userId === undefined) return json(400, { error: 'invalid_grant' });
        // Each is good for once.
        this.#refresh.delete(token);
        return this.#userToken(userId);
      }
      case 'client_credentials': {
        const client = this.#options.clients?.get(form.get('client_id') ?? '');
        if (client === undefined || client.secret !== form.get('client_secret')) {
          return json(401, { error: 'invalid_client' });
        }
        const claims = { oid: client.userId, sub: client.userId, roles: ['application'] };
        return json(200, await this.#answer(claims));
      }
      default:
        return json(400, { error: 'unsupported_grant_type' });
    }
  }

  async #userToken(userId: string): Promise<ServerResponse> {
    const refresh = `${this.#options.system.ids.next()}${this.#options.system.ids.next()}`;
    const [oldest] = this.#refresh.keys();
    if (this.#refresh.size >= mostSessions && oldest !== undefined) this.#refresh.delete(oldest);
    this.#refresh.set(refresh, userId);
    const claims = { oid: userId, sub: userId, scp: 'user_impersonation' };
    return json(200, { ...(await this.#answer(claims)), refresh_token: refresh });
  }

  async #answer(claims: Readonly<Record<string, unknown>>) {
    const seconds = this.#options.tokenSeconds ?? 3600;
    const access_token = await this.#sign(claims, seconds);
    return { token_type: 'Bearer', access_token, expires_in: seconds };
  }

  #choice(code: string, message: string): string {
    const users = this.#options.users
      .map(({ id, name }) => `<option value="${inHtml(id)}">${inHtml(name)}</option>`)
      .join('');
    return `<h1>Sign in a device</h1><p>${inHtml(message)}</p><form method="post" action="/oauth2/device">
<label>Code on the device <input name="user_code" value="${inHtml(code)}" required autocomplete="off"></label>
<label>Sign in as <select name="user">${users}</select></label>
<button>Sign in</button></form>`;
  }
}

const signedIn = '<h1>Signed in</h1><p>Go back to the device.</p>';

function discovery(request: ServerRequest) {
  const host = hostOf(request);
  return {
    issuer,
    jwks_uri: `${host}/oauth2/jwks`,
    token_endpoint: `${host}/oauth2/token`,
    device_authorization_endpoint: `${host}/oauth2/devicecode`,
    grant_types_supported: [
      'urn:ietf:params:oauth:grant-type:device_code',
      'refresh_token',
      'client_credentials',
    ],
    id_token_signing_alg_values_supported: ['ES256'],
  };
}

function hostOf({ headers }: ServerRequest): string {
  const host = headers['host'] ?? '';
  return `http://${/^[\w.:[\]-]+$/.test(host) ? host : 'localhost'}`;
}

function json(status: number, body: unknown): ServerResponse {
  return {
    status,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
    body: JSON.stringify(body),
  };
}

function page(content: string): ServerResponse {
  return {
    status: 200,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy':
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'",
      'cache-control': 'no-store',
    },
    body: `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Outpost sign-in</title><style>body{font:16px system-ui;max-width:28rem;margin:3rem auto}label{display:block;margin:1rem 0}</style>
${content}</html>`,
  };
}

function inHtml(text: string): string {
  return text.replace(/[&<>"']/g, (one) => `&#${one.charCodeAt(0)};`);
}
