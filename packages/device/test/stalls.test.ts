import type { SyncMode, SyncTransport, TokenSource } from '@outpost/sync';
import { httpTransport } from '@outpost/sync/http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Device } from '../src/index.ts';
import { openWorld, sync, tokenOf, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

type Request = Exclude<keyof SyncTransport, 'hints' | 'account'>;

/** A promise, and what resolves it. */
function signal() {
  let give = () => {};
  const given = new Promise<void>((resolve) => {
    give = resolve;
  });
  return { given, give };
}

/** A transport that, once told so, never answers one kind of request, and does not listen to being cancelled. */
function stallable(inner: SyncTransport) {
  let stalling: { readonly kind: Request | null; readonly give: () => void } | null = null;
  const state = {
    /** From now on; resolves when such a request has been made. Null: all are answered. */
    stall(kind: Request | null): Promise<void> {
      const { given, give } = signal();
      stalling = { kind, give };
      return given;
    },
  };
  const through =
    <M, T>(kind: Request, send: (message: M, signal?: AbortSignal) => Promise<T>) =>
    (message: M, cancel?: AbortSignal): Promise<T> => {
      if (stalling?.kind !== kind) return send(message, cancel);
      stalling.give();
      return new Promise<never>(() => {});
    };
  const app = through('app', (_: null, cancel) => inner.app(cancel));
  const transport: SyncTransport = {
    hello: through('hello', inner.hello),
    app: (cancel) => app(null, cancel),
    pull: through('pull', inner.pull),
    page: through('page', inner.page),
    digest: through('digest', inner.digest),
    push: through('push', inner.push),
    upload: through('upload', inner.upload),
    document: through('document', inner.document),
  };
  return { transport, state };
}

const attachment = { fileName: 'a.bin', mimeType: 'application/octet-stream', body: 'AQID' };

function attach(device: Device): void {
  const account = device.store.all('SELECT accountid FROM account LIMIT 1')[0]?.[0];
  device.addNote('account', String(account), { subject: 'Stalled', attachment });
}

describe('O13a: whatever request is under way, going offline and closing end at once', () => {
  const nothing = () => null;
  const create = (device: Device) => device.create('account', { name: 'On its way' });

  test('going offline, in every kind of request', async () => {
    const { transport, state } = stallable(world.transport('ana'));
    const device = await world.device('ana', { transport });
    const stallIn = async (kind: Request, mode: SyncMode, prepare: (device: Device) => unknown) => {
      prepare(device);
      const stalled = state.stall(kind);
      const running = device.sync.run(mode);
      await stalled;
      world.online.next(false);
      expect(await running, kind).toMatchObject({ kind: 'cancelled' });
      void state.stall(null);
      world.online.next(true);
    };
    await stallIn('hello', 'FIRST_SYNC', nothing);
    await stallIn('app', 'FIRST_SYNC', nothing);
    await stallIn('page', 'FIRST_SYNC', nothing);
    await sync(device);
    await stallIn('pull', 'DELTA_SYNC', nothing);
    await stallIn('digest', 'FORCED_SYNC', nothing);
    await stallIn('push', 'DELTA_SYNC', create);
    // What was on its way waits again.
    expect(device.sync.outbox.pending().map((entry) => entry.state)).toEqual(['queued']);
    await stallIn('upload', 'DELTA_SYNC', attach);
    await sync(device);
    expect(device.sync.outbox.unsettled()).toEqual([]);
    await device.close();
  });

  test('closing, in a cycle and while somebody looks at a file', async () => {
    const { transport, state } = stallable(world.transport('ana'));
    const device = await world.device('ana', { transport });
    const stalled = state.stall('hello');
    const running = device.sync.run('DELTA_SYNC');
    await stalled;
    void state.stall('document');
    const fetched = device.sync.documents.fetch({
      table: 'annotation',
      id: '00000000-0000-4000-8000-00000000ffff',
      column: 'documentbody',
      reference: `sha256:${'0'.repeat(64)}:3`,
      bytes: 3,
    });
    await device.close();
    expect(await running).toMatchObject({ kind: 'cancelled' });
    expect(await fetched).toMatchObject({ kind: 'failed', failure: { class: 'network' } });
  });

  test('closing while a token does not come', async () => {
    const { given, give } = signal();
    const tokens: TokenSource = {
      token: () => {
        give();
        return new Promise<never>(() => {});
      },
      account: async () => tokenOf('ana'),
    };
    const transport = httpTransport({ url: world.server.url, tokens });
    const device = await world.device('ana', { transport });
    const running = device.sync.run('DELTA_SYNC');
    await given;
    await device.close();
    expect(await running).toMatchObject({ kind: 'cancelled' });
  });
});
