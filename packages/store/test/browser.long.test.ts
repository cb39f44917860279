import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { seededRandom } from '@outpost/testkit';
import { lengthOf } from '@outpost/vitest/length';
import { rolldown } from 'rolldown';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { driverContract } from '../src/contract/index.ts';
import { temporaryFolder } from './locations.ts';

/** Browser kills per storage; `OUTPOST_ROUNDS` asks for more. */
const rounds = lengthOf('OUTPOST_ROUNDS', { short: 1, long: 5 });
const names = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'];
const browser =
  process.env['OUTPOST_BROWSER'] ??
  names.find((name) => spawnSync(name, ['--version']).status === 0);

interface Line {
  readonly said: 'case' | 'start' | 'ack' | 'deleted' | 'end' | 'failed';
  readonly name?: string;
  readonly problem?: string | null;
  readonly id?: number;
  readonly durability?: string;
  readonly findings?: readonly string[];
  readonly whole?: boolean;
}

let server: Server;
let listener: (line: Line) => void = () => {};

/** Serves a page that starts the worker, the worker, and the engine, and hears what the worker says. */
beforeAll(async () => {
  if (browser === undefined) return;
  const input = fileURLToPath(new URL('./browser/worker.ts', import.meta.url));
  const bundle = await rolldown({ input, platform: 'browser', logLevel: 'silent' });
  const { output } = await bundle.generate({ format: 'esm' });
  await bundle.close();
  const wasm = createRequire(import.meta.url).resolve('sql.js/dist/sql-wasm-browser.wasm');
  const page = `<script type="module">
    const start = () => new Worker('/worker.js' + location.search, { type: 'module' });
    let worker = start();
    addEventListener('message', (event) => { if (event.data === 'restart') { worker.terminate(); worker = start(); } });
    new EventSource('/events').onmessage = () => postMessage('restart');
  </script>`;
  const files: Readonly<Record<string, readonly [string, string | Buffer]>> = {
    '/': ['text/html', page],
    '/worker.js': ['text/javascript', output[0].code],
    '/sql.wasm': ['application/wasm', readFileSync(wasm)],
  };
  server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://x').pathname;
    if (path === '/events') {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      restart = () => response.write('data: restart\n\n');
      return;
    }
    if (path === '/report') {
      let body = '';
      request.on('data', (part: Buffer) => {
        body += part.toString();
      });
      request.on('end', () => {
        response.end();
        listener(JSON.parse(body) as Line);
      });
      return;
    }
    const [type, content] = files[path] ?? ['text/plain', ''];
    response.writeHead(files[path] === undefined ? 404 : 200, { 'content-type': type });
    response.end(content);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(() => {
  server?.closeAllConnections();
  server?.close();
});
let restart: () => void = () => {};

/** A browser on the page, with `profile` as its memory. */
function start(profile: string, query: string): ChildProcess {
  const { port } = server.address() as AddressInfo;
  return spawn(
    browser ?? '',
    [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-dev-shm-usage',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
      `--user-data-dir=${profile}`,
      `http://127.0.0.1:${port}/?${query}`,
    ],
    { stdio: 'ignore', detached: true },
  );
}

/** Ends a browser with everything it started, without a warning. */
async function kill(child: ChildProcess): Promise<void> {
  const closed = once(child, 'close');
  process.kill(-(child.pid ?? 0), 'SIGKILL');
  await closed;
}

/** Hears lines until `enough` says so; rejects when the worker failed. */
function hear(enough: (lines: readonly Line[]) => boolean): Promise<readonly Line[]> {
  const lines: Line[] = [];
  return new Promise((resolve, reject) => {
    listener = (line) => {
      lines.push(line);
      if (line.said === 'failed') reject(new Error(line.problem ?? 'failed'));
      else if (enough(lines)) resolve(lines);
    };
  });
}

describe.skipIf(browser === undefined)('in a real browser', () => {
  test.each(['opfs', 'indexedDb'])(
    'the driver contract holds over %s',
    async (storage) => {
      const heard = hear((lines) => lines.at(-1)?.said === 'end');
      const child = start(temporaryFolder(), `storage=${storage}&work=contract`);
      const lines = await heard.finally(() => kill(child));
      const cases = lines.filter((line) => line.said === 'case');
      expect(cases.filter((line) => line.problem !== null)).toEqual([]);
      expect(cases).toHaveLength(driverContract.length);
    },
    120_000,
  );

  test.each(['opfs', 'indexedDb'])(
    'N02j: a closed database over %s is deleted, an open one is not',
    async (storage) => {
      const heard = hear((lines) => lines.at(-1)?.said === 'end');
      const child = start(temporaryFolder(), `storage=${storage}&work=deletion`);
      const lines = await heard.finally(() => kill(child));
      expect(lines).toMatchObject([{ said: 'deleted', problem: 'store.locked', id: 0 }, {}]);
    },
    120_000,
  );

  test.each([
    ['opfs', 'wal'],
    ['indexedDb', 'pageLog'],
  ])(
    'a browser killed while committing to %s has lost no acknowledged commit',
    async (storage, durability) => {
      const profile = temporaryFolder();
      const random = seededRandom(3);
      let acknowledged = 0;
      let commits = 0;
      for (let round = 0; round < rounds; round++) {
        const wanted = 5 + Math.floor(random.next() * 60);
        const heard = hear((lines) => lines.length > wanted);
        const child = start(profile, `storage=${storage}&work=commit`);
        const lines = await heard.finally(() => kill(child));
        const [first] = lines;
        expect(first, `round ${round}`).toMatchObject({
          said: 'start',
          durability,
          findings: [],
          whole: true,
        });
        expect(first?.id, `round ${round}`).toBeGreaterThanOrEqual(acknowledged);
        acknowledged = Math.max(...lines.map((line) => line.id ?? 0));
        commits += lines.length - 1;
      }
      expect(commits).toBeGreaterThanOrEqual(rounds * 5);
    },
    30_000 + rounds * 20_000,
  );

  test('a worker terminated while committing to opfs has lost no acknowledged commit', async () => {
    const first = hear((lines) => lines.length > 30);
    const child = start(temporaryFolder(), 'storage=opfs&work=commit');
    try {
      const lines = await first;
      const acknowledged = Math.max(...lines.map((line) => line.id ?? 0));
      const second = hear((more) => more.some((line) => line.said === 'start') && more.length > 30);
      restart();
      const begun = (await second).find((line) => line.said === 'start');
      expect(begun).toMatchObject({ findings: [], whole: true });
      expect(begun?.id).toBeGreaterThanOrEqual(acknowledged);
    } finally {
      await kill(child);
    }
  }, 60_000);
});
