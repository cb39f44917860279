import type { Clock } from '@outpost/model';
import { SyncError } from '../sync-error.ts';
import type { TokenSource } from '../transport.ts';
import { accountOfToken } from './account.ts';
import { sendAgain } from './send-again.ts';

/** What a person needs to let a device in. */
export interface DeviceCode {
  /** To be typed on the page. */
  readonly userCode: string;
  readonly verificationUri: string;
  /** The page with the code filled in; null where the issuer has none. */
  readonly completeUri: string | null;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

/** Keeps the refresh token between runs, in a place that only the user can read. */
export interface TokenKeeper {
  read(): Promise<string | null>;
  /** Null: it is to be forgotten. */
  write(refreshToken: string | null): Promise<void>;
}

export interface DeviceCodeOptions {
  /** Where `/.well-known/openid-configuration` is, such as `https://login.microsoftonline.com/TENANT/v2.0`. */
  readonly issuer: string;
  readonly clientId: string;
  /** Such as `https://org.example/user_impersonation offline_access`. */
  readonly scope: string;
  readonly clock: Clock;
  /** Shows the code; resolves at once. */
  readonly onCode: (code: DeviceCode) => void | Promise<void>;
  /** Default: sign in again at every start. */
  readonly keeper?: TokenKeeper;
  /** Default: the platform's `fetch`. */
  readonly fetch?: typeof fetch;
}

/** A source of tokens that a person signs in to. */
export interface SignIn extends TokenSource {
  /**
   * Shows a code and waits until somebody has let the device in. Throws `SyncError`: `signIn.refused`,
   * `signIn.expired`, `signIn.unreachable`.
   */
  signIn(signal?: AbortSignal): Promise<void>;
  /** Forgets all tokens. */
  signOut(): Promise<void>;
}

/** A new token is asked for so long before the old one ends. */
const earlyMs = 60_000;
const codeGrant = 'urn:ietf:params:oauth:grant-type:device_code';

/** Signs in with a code that a person types on another device (RFC 8628), and keeps tokens fresh. */
export function deviceCodeTokens(options: DeviceCodeOptions): SignIn {
  return new DeviceCodeTokens(options);
}

type Fields = Readonly<Record<string, unknown>>;

class DeviceCodeTokens implements SignIn {
  readonly #options: DeviceCodeOptions;
  #access: { readonly token: string; readonly until: number } | null = null;
  #refreshToken: string | null = null;
  #isKeptRead = false;
  #asking: Promise<string | null> | null = null;
  /** Counts who came and went: an answer to a question of an earlier one is nobody's any more. */
  #session = 0;

  constructor(options: DeviceCodeOptions) {
    this.#options = options;
  }

  token({ refresh }: { readonly refresh: boolean }): Promise<string | null> {
    const now = this.#options.clock.now();
    if (!refresh && this.#access !== null && this.#access.until - earlyMs > now) {
      return Promise.resolve(this.#access.token);
    }
    // Whoever asks meanwhile gets the same answer: a refresh token is good for once.
    if (this.#asking === null) {
      const asking = this.#renew().finally(() => {
        if (this.#asking === asking) this.#asking = null;
      });
      this.#asking = asking;
    }
    return this.#asking;
  }

  async signIn(signal?: AbortSignal): Promise<void> {
    const { clock, clientId, scope, onCode } = this.#options;
    const endpoints = await this.#endpoints();
    const begun = await this.#post(endpoints.device, { client_id: clientId, scope }, signal);
    const text = (name: string) => String(begun.fields[name] ?? '');
    const deviceCode = text('device_code');
    if (begun.status !== 200 || deviceCode === '') throw refused(begun.fields);
    const expiresAt = clock.now() + Number(begun.fields['expires_in'] ?? 900) * 1000;
    let interval = Math.max(1, Number(begun.fields['interval'] ?? 5)) * 1000;
    await onCode({
      userCode: text('user_code'),
      verificationUri: text('verification_uri'),
      completeUri: text('verification_uri_complete') || null,
      expiresAt,
    });
    const poll = { grant_type: codeGrant, client_id: clientId, device_code: deviceCode };
    for (;;) {
      const { status, fields } = await this.#post(endpoints.token, poll, signal);
      if (status === 200) {
        this.#begin();
        await this.#take(fields);
        return;
      }
      const error = fields['error'];
      if (error === 'slow_down') interval += 5000;
      else if (error === 'expired_token') throw expired();
      else if (error !== 'authorization_pending') throw refused(fields);
      if (clock.now() + interval > expiresAt) throw expired();
      await this.#wait(interval, signal);
    }
  }

  async account(): Promise<string | null> {
    return this.#access === null ? null : accountOfToken(this.#access.token);
  }

  async signOut(): Promise<void> {
    this.#begin();
    this.#access = null;
    this.#refreshToken = null;
    this.#isKeptRead = true;
    await this.#options.keeper?.write(null);
  }

  #begin(): void {
    this.#session += 1;
    this.#asking = null;
  }

  /** Null: nobody is signed in, or the issuer does not know the device any more. */
  async #renew(): Promise<string | null> {
    const session = this.#session;
    if (!this.#isKeptRead) {
      const kept = (await this.#options.keeper?.read()) ?? null;
      if (session !== this.#session) return this.token({ refresh: false });
      this.#refreshToken ??= kept;
      this.#isKeptRead = true;
    }
    if (this.#refreshToken === null) return null;
    const { token } = await this.#endpoints();
    const { clientId, scope } = this.#options;
    const { status, fields } = await this.#post(token, {
      grant_type: 'refresh_token',
      client_id: clientId,
      scope,
      refresh_token: this.#refreshToken,
    });
    // Somebody has signed out or in meanwhile: these tokens are of who was there before.
    if (session !== this.#session) return this.token({ refresh: false });
    if (status === 200) return this.#take(fields);
    // Only a clear no ends the session: an issuer that fails says nothing about it.
    if (fields['error'] !== 'invalid_grant') throw unreachable(`status ${status}`);
    await this.signOut();
    return null;
  }

  async #take(fields: Fields): Promise<string> {
    const token = String(fields['access_token'] ?? '');
    const until = this.#options.clock.now() + Number(fields['expires_in'] ?? 3600) * 1000;
    const refreshToken = fields['refresh_token'];
    if (typeof refreshToken === 'string') {
      this.#refreshToken = refreshToken;
      this.#isKeptRead = true;
      await this.#options.keeper?.write(refreshToken);
    }
    this.#access = { token, until };
    return token;
  }

  async #endpoints(): Promise<{ readonly token: string; readonly device: string }> {
    const base = this.#options.issuer.replace(/\/$/, '');
    const call = this.#options.fetch ?? fetch;
    const url = `${base}/.well-known/openid-configuration`;
    const fields = await sendAgain(() => call(url))
      .then(fieldsOf)
      .catch((error: unknown) => {
        throw unreachable(String(error));
      });
    const token = fields['token_endpoint'];
    const device = fields['device_authorization_endpoint'];
    if (typeof token === 'string' && typeof device === 'string') return { token, device };
    throw unreachable('it offers no sign-in with a code');
  }

  async #post(
    url: string,
    form: Readonly<Record<string, string>>,
    signal?: AbortSignal,
  ): Promise<{ readonly status: number; readonly fields: Fields }> {
    const call = this.#options.fetch ?? fetch;
    try {
      const request = {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams(form).toString(),
        ...(signal === undefined ? {} : { signal }),
      };
      const response = await sendAgain(() => call(url, request));
      return { status: response.status, fields: await fieldsOf(response) };
    } catch (error) {
      if (signal?.aborted === true) throw error;
      throw unreachable(String(error));
    }
  }

  #wait(ms: number, signal?: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    return new Promise((resolve, reject) => {
      const cancel = clock.schedule(clock.now() + ms, () => resolve());
      signal?.addEventListener('abort', () => {
        cancel();
        reject(signal.reason);
      });
    });
  }
}

async function fieldsOf(response: {
  readonly arrayBuffer: () => Promise<ArrayBuffer>;
}): Promise<Fields> {
  const json: unknown = JSON.parse(new TextDecoder().decode(await response.arrayBuffer()));
  return typeof json === 'object' && json !== null ? (json as Fields) : {};
}

function unreachable(why: string): SyncError {
  return new SyncError(
    'signIn.unreachable',
    `The place to sign in cannot be reached (${why}).`,
    'Check the network and the address of the issuer.',
  );
}

function refused(fields: Fields): SyncError {
  const why = String(fields['error_description'] ?? fields['error'] ?? 'no reason given');
  return new SyncError('signIn.refused', `Signing in was refused: ${why}.`, 'Sign in again.');
}

function expired(): SyncError {
  return new SyncError(
    'signIn.expired',
    'Nobody has let the device in before its code expired.',
    'Sign in again, and type the code in time.',
  );
}
