import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { afterAll, expect, test } from 'vitest';
import { buildPage } from '../browser-client/build.ts';
import { servePage } from '../browser-client/server.ts';
import { sampleOrganization } from '../sample-organization.ts';

const temporary = mkdtempSync(join(tmpdir(), 'outpost-browser-client-'));
afterAll(() => rmSync(temporary, { recursive: true, force: true }));

const names = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'];
const browser =
  process.env['OUTPOST_BROWSER'] ??
  ['/usr/bin', '/usr/local/bin', '/snap/bin']
    .flatMap((bin) => names.map((name) => join(bin, name)))
    .find((path) => existsSync(path) && spawnSync(path, ['--version']).status === 0);

test.skipIf(browser === undefined)(
  'browser-client: installs, works with the server gone, keeps edits over a restart of the browser, reconciles',
  async () => {
    const organization = await sampleOrganization(300);
    const files = await buildPage();
    let server = await servePage(files, organization, 0);
    const { url } = server;
    const open = async () => {
      const context = await chromium.launchPersistentContext(join(temporary, 'profile'), {
        executablePath: browser ?? '',
        headless: true,
        args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
      });
      // Ended by the test's own limit, however busy the machine is.
      context.setDefaultTimeout(0);
      const page = context.pages()[0] ?? (await context.newPage());
      return { context, page };
    };
    const first = await open();
    await first.page.goto(url);
    await first.page.getByText('⊕ Connected').waitFor();
    await first.page.getByRole('button', { name: 'Alpine Ski House' }).waitFor();
    // It can be installed: a manifest and a service worker that answers.
    await first.page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
    const manifest = await first.page.request.get(`${url}/manifest.webmanifest`);
    expect(await manifest.json()).toMatchObject({ display: 'standalone', start_url: '/' });

    // The server is gone for real; the page still opens, finds and edits.
    await server.close();
    await first.page.reload();
    await first.page.getByLabel('Find').fill('alpine ski');
    await first.page.getByRole('button', { name: 'Alpine Ski House' }).click();
    await first.page.getByLabel('Main Phone').fill('+47 555 88 88');
    await first.page.getByRole('button', { name: 'Save on this device' }).click();
    await first.page.getByText('1 waiting').waitFor();
    await first.context.close();

    const second = await open();
    await second.page.goto(url);
    await second.page.getByText('1 waiting').waitFor();
    await second.page.getByRole('cell', { name: '+47 555 88 88' }).waitFor();
    server = await servePage(files, organization, Number(new URL(url).port));
    await second.page.getByRole('button', { name: 'Sync now' }).click();
    await second.page.getByText('0 waiting').waitFor();
    await second.page.getByText('⊕ Connected').waitFor();
    await second.context.close();
    await server.close();
    const user = 'a0000000-0000-4000-8000-000000000001';
    const row = await organization
      .as(user)
      .retrieve('account', 'ab000000-0000-4000-8000-000000000001');
    expect(row?.['telephone1']).toBe('+47 555 88 88');
    await organization.close();
  },
);
