/** The browser client with the sample organization: npx -y pnpm@12.21.0 -C examples browser-client */
import { sampleOrganization } from '../sample-organization.ts';
import { buildPage } from './build.ts';
import { servePage } from './server.ts';

const organization = await sampleOrganization(5000);
const { url } = await servePage(
  await buildPage(),
  organization,
  Number(process.env['PORT'] ?? 4141),
);
console.log(`Open ${url}, then stop this program and reload the page: it goes on without network.`);
