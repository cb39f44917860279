import { createHash, timingSafeEqual } from 'node:crypto';
import type { Authenticator } from './authenticator.ts';

/** Accepts exactly the given tokens. For development, tests and the simulator. */
export function tokenList(tokens: ReadonlyMap<string, string>): Authenticator {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  const known = [...tokens].map(([token, userId]) => ({ digest: digest(token), userId }));
  return {
    async authenticate(token) {
      const presented = digest(token);
      let found: string | null = null;
      for (const one of known) if (timingSafeEqual(one.digest, presented)) found = one.userId;
      return found;
    },
  };
}
