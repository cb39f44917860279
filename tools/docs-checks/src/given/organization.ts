/** What examples take as given of an organization that can be reached. */
import { sampleUsers } from '@outpost/sample';
import {
  anyOf,
  createServer,
  developmentIssuer,
  jwtAuthenticator,
  tokenList,
} from '@outpost/server';
import { listen, sqliteStore } from '@outpost/server/node';
import { httpTransport, staticToken } from '@outpost/sync/http';
import { clock, model, rows, system, token, tokens } from './app.ts';

const audience = 'outpost';
const signIn = await developmentIssuer({
  audience,
  users: [{ id: sampleUsers.ana.id, name: 'Ana Silva' }],
  system,
});
const organization = await createServer({
  store: sqliteStore(null),
  model,
  auth: anyOf(
    tokenList(tokens),
    jwtAuthenticator({ issuer: signIn.issuer, audience, keys: { set: signIn.keys }, clock }),
  ),
  system,
});
await organization.load(rows);
export const server = await listen(organization, { issuer: signIn });
export const url = server.url;
export const transport = httpTransport({ url, tokens: staticToken(token) });
export const issuer = server.url;
export const clientId = 'docs';
export const scope = `${audience}/user_impersonation offline_access`;
export const show = (shown: unknown, ..._more: readonly unknown[]): void => {
  if (typeof shown === 'string') signIn.approve(shown, sampleUsers.ana.id);
};
