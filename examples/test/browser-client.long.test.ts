import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { expect, onTestFinished, test } from 'vitest';
import { buildPage } from '../browser-client/build.ts';
import { servePage } from '../browser-client/server.ts';
import { sampleOrganization } from '../sample-organization.ts';

const temporary = mkdtempSync(join(tmpdir(), 'outpost-browser-client-'));

const names = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'];
const browser =
  process.env['OUTPOST_BROWSER'] ??
  ['/usr/bin', '/usr/local/bin', '/snap/bin']
    .flatMap((bin) => names.map((name) => join(bin, name)))
    .find((path) => existsSync(path) && spawnSync(path, ['--version']).status === 0);

/** The browser with what it has kept; it ends with the test, and waits as long as that may take. */
async function openBrowser() {
  const context = await chromium.launchPersistentContext(join(temporary, 'profile'), {
    executablePath: browser ?? '',
    headless: true,
    timeout: 0,
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
  });
  context.setDefaultTimeout(0);
  onTestFinished(() => context.close());
  return { context, page: context.pages()[0] ?? (await context.newPage()) };
}

/** Nobody answers at an address, and nobody else can take it. */
async function occupy(port: number): Promise<{ close(): Promise<void> }> {
  const server = createServer((socket) => socket.destroy()).listen(port, '127.0.0.1');
  await once(server, 'listening');
  const close = async () => {
    if (server.listening) await once(server.close(), 'close');
  };
  onTestFinished(close);
  return { close };
}

test.skipIf(browser === undefined)(
  'browser-client: installs, works with the server gone, keeps edits over a restart of the browser, reconciles',
  async () => {
    const organization = await sampleOrganization(100);
    onTestFinished(() => organization.close());
    const files = await buildPage();
    const first = await servePage(files, organization, 0);
    onTestFinished(() => first.close());
    const { url } = first;
    const port = Number(new URL(url).port);
    const before = await openBrowser();
    await before.page.goto(url);
    await before.page.getByText('⊕ Connected').waitFor();
    await before.page.getByRole('button', { name: 'Alpine Ski House' }).waitFor();
    // It can be installed: a manifest and a service worker that answers.
    await before.page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
    const manifest = await before.page.request.get(`${url}/manifest.webmanifest`);
    expect(await manifest.json()).toMatchObject({ display: 'standalone', start_url: '/' });

    // The server is gone for real; the page still opens, finds and edits.
    await first.close();
    const nobody = await occupy(port);
    await before.page.reload();
    await before.page.getByLabel('Find').fill('alpine ski');
    await before.page.getByRole('button', { name: 'Alpine Ski House' }).click();
    await before.page.getByLabel('Main Phone').fill('+47 555 88 88');
    await before.page.getByRole('button', { name: 'Save on this device' }).click();
    await before.page.getByText('1 waiting').waitFor();
    await before.context.close();

    const after = await openBrowser();
    await after.page.goto(url);
    await after.page.getByText('1 waiting').waitFor();
    await after.page.getByRole('cell', { name: '+47 555 88 88' }).waitFor();
    await nobody.close();
    const second = await servePage(files, organization, port);
    onTestFinished(() => second.close());
    await after.page.getByRole('button', { name: 'Sync now' }).click();
    await after.page.getByText('0 waiting').waitFor();
    await after.page.getByText('⊕ Connected').waitFor();
    const user = 'a0000000-0000-4000-8000-000000000001';
    const row = await organization
      .as(user)
      .retrieve('account', 'ab000000-0000-4000-8000-000000000001');
    expect(row?.['telephone1']).toBe('+47 555 88 88');
  },
);
