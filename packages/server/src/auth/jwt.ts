import { createHash } from 'node:crypto';
import type { Clock } from '@outpost/model';
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  errors,
  type JSONWebKeySet,
  type JWTPayload,
  type JWTVerifyGetKey,
  jwtVerify,
} from 'jose';
import { HttpError } from '../server-error.ts';
import type { Authenticator, UserDirectory } from './authenticator.ts';

export interface JwtOptions {
  /** Who gives the tokens: the `iss` claim. */
  readonly issuer: string;
  /** Who they are for, the address of the organization as a rule: the `aud` claim. */
  readonly audience: string;
  /** The issuer's public keys: where they are, or themselves. */
  readonly keys: { readonly url: string } | { readonly set: JSONWebKeySet };
  /** The `tid` claim; absent: every tenant of the issuer. */
  readonly tenant?: string;
  readonly clock: Clock;
  /** Where callers without a token sign in; told in the challenge (`authorization_uri`). */
  readonly signIn?: string;
}

/** Signatures of public keys only: with a secret, whoever can check a token can make one. */
const algorithms = ['RS256', 'ES256', 'EdDSA'];
/** Clocks differ; seconds. */
const leeway = 60;
/** An accepted token is not checked again for so long; milliseconds. */
const keptMs = 60_000;
const mostKept = 10_000;

/**
 * Accepts JSON Web Tokens as Microsoft Entra ID gives them: signature, issuer, audience, tenant and times are checked;
 * the token is for a user's app (`scp` holds `user_impersonation`) or an application with roles; the user is the one
 * with the `oid` as `azureactivedirectoryobjectid`.
 */
export function jwtAuthenticator(options: JwtOptions): Authenticator {
  const { clock, signIn } = options;
  const key = keysOf(options.keys);
  const kept = new Map<string, { readonly objectId: string; readonly until: number }>();
  const verified = async (token: string): Promise<string | null> => {
    const hash = createHash('sha256').update(token).digest('base64');
    const known = kept.get(hash);
    if (known !== undefined && known.until > clock.now()) return known.objectId;
    kept.delete(hash);
    const claims = await verify(token, key, options);
    const objectId = claims === null ? null : objectIdOf(claims, options.tenant);
    if (claims === null || objectId === null) return null;
    if (kept.size >= mostKept) kept.clear();
    const until = Math.min(clock.now() + keptMs, ((claims.exp ?? 0) + leeway) * 1000);
    kept.set(hash, { objectId, until });
    return objectId;
  };
  return {
    async authenticate(token: string, directory: UserDirectory) {
      const objectId = await verified(token);
      return objectId === null ? null : directory.byObjectId(objectId);
    },
    ...(signIn === undefined ? {} : { challenge: `authorization_uri="${signIn}"` }),
  };
}

function keysOf(keys: JwtOptions['keys']): JWTVerifyGetKey {
  if ('set' in keys) return createLocalJWKSet(keys.set);
  // An unknown key is looked up again, but not more than once a minute: nobody can make us ask all the time.
  return createRemoteJWKSet(new URL(keys.url), { cooldownDuration: 60_000, timeoutDuration: 5000 });
}

async function verify(
  token: string,
  key: JWTVerifyGetKey,
  { issuer, audience, clock }: JwtOptions,
): Promise<JWTPayload | null> {
  try {
    const { payload } = await jwtVerify(token, key, {
      issuer,
      audience,
      algorithms,
      clockTolerance: leeway,
      currentDate: new Date(clock.now()),
      requiredClaims: ['exp', 'oid'],
    });
    return payload;
  } catch (error) {
    if (error instanceof errors.JOSEError && !isUnreachable(error)) return null;
    throw new HttpError(
      503,
      'outpost:keys',
      'The keys of the identity provider cannot be reached: try again later.',
      { 'retry-after': '5' },
    );
  }
}

/** The keys could not be had, which says nothing about the token. */
function isUnreachable({ code }: errors.JOSEError): boolean {
  return ['ERR_JWKS_TIMEOUT', 'ERR_JWKS_INVALID', 'ERR_JOSE_GENERIC'].includes(code);
}

function objectIdOf(claims: JWTPayload, tenant: string | undefined): string | null {
  if (tenant !== undefined && claims['tid'] !== tenant) return null;
  const { oid, scp, roles } = claims;
  const mayActForUser = typeof scp === 'string' && scp.split(' ').includes('user_impersonation');
  const isApplication = Array.isArray(roles) && roles.length > 0;
  return typeof oid === 'string' && (mayActForUser || isApplication) ? oid.toLowerCase() : null;
}
