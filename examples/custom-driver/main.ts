/** Which statements cost the most during a first sync: npx -y pnpm@12.21.0 -C examples custom-driver */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDevice } from '@outpost/device';
import { fileStorage } from '@outpost/device/node';
import { listen } from '@outpost/server/node';
import { httpTransport, staticToken } from '@outpost/sync/http';
import { sampleOrganization } from '../sample-organization.ts';
import { type TracingDriver, traced } from './tracing-driver.ts';

const organization = await sampleOrganization(300);
const server = await listen(organization);
const opened: TracingDriver[] = [];
const folder = mkdtempSync(join(tmpdir(), 'outpost-traced-'));

const device = await openDevice({
  storage: traced(fileStorage(folder, 'traced'), (driver) => opened.push(driver)),
  transport: httpTransport({ url: server.url, tokens: staticToken('token-ana') }),
});
await device.sync.run('DELTA_SYNC');
console.log(`accounts: ${device.store.count('account')}`);
for (const [text, { runs, rows, ms }] of opened[0]?.slowest(5) ?? []) {
  const sql = text.replace(/\s+/g, ' ').slice(0, 60);
  console.log(
    `${ms.toFixed(1).padStart(7)} ms ${String(runs).padStart(6)} runs ${String(rows).padStart(6)} rows  ${sql}`,
  );
}
await device.close();
rmSync(folder, { recursive: true });
await server.close();
await organization.close();
