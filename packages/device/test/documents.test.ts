import { bytesToBase64 } from '@outpost/model';
import { namedRows, sampleUsers } from '@outpost/sample';
import { memoryStorage } from '@outpost/store/node';
import type { Failure, SyncTransport } from '@outpost/sync';
import { httpTransport, staticToken } from '@outpost/sync/http';
import { type DocumentRequest, partBytes, type UploadRequest } from '@outpost/sync/protocol';
import { seededRandom } from '@outpost/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Device, DeviceOptions } from '../src/index.ts';
import { openWorld, sync, tokenOf, type UserName, type World } from './world.ts';

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

const column = 'documentbody';
const account = namedRows.alpine;
const carla = () => world.organization.as(sampleUsers.carla.id);

/** Content that no compression shortens. */
function content(size: number, seed = 1): Uint8Array {
  const random = seededRandom(seed);
  return Uint8Array.from({ length: size }, () => Math.floor(random.next() * 256));
}
function isSame(a: Uint8Array | null, b: Uint8Array): boolean {
  return a !== null && Buffer.compare(a, b) === 0;
}
function attachment(bytes: Uint8Array) {
  return { fileName: 'plan.bin', mimeType: 'application/octet-stream', body: bytesToBase64(bytes) };
}
async function synced(user: UserName, options: Partial<DeviceOptions> = {}): Promise<Device> {
  const device = await world.synced(user, options);
  await device.sync.documents.idle();
  return device;
}
async function cycle(device: Device): Promise<void> {
  await sync(device);
  await device.sync.documents.idle();
}
function noteWith(device: Device, bytes: Uint8Array): string {
  const saved = device.addNote('account', account, {
    text: 'see file',
    attachment: attachment(bytes),
  });
  if (saved.kind !== 'saved') throw new Error(JSON.stringify(saved));
  return saved.id;
}
const stored = (device: Device) =>
  device.store.all('SELECT reference, have = size FROM "$document" ORDER BY 1');

const cut: Failure = {
  class: 'network',
  status: null,
  code: null,
  message: 'cut',
  retryAfterMs: null,
};

/** A transport that tells of the parts that pass, and loses those it is told to, before or after they arrive. */
function tapped(user: UserName) {
  const inner = httpTransport({ url: world.server.url, tokens: staticToken(tokenOf(user)) });
  const tap = {
    names: [] as string[],
    uploads: [] as UploadRequest[],
    documents: [] as DocumentRequest[],
    lose: (_count: number): 'before' | 'after' | null => null,
  };
  let count = 0;
  const through = async <T>(
    send: () => Promise<T>,
  ): Promise<T | { kind: 'failed'; failure: Failure }> => {
    const lost = tap.lose(count++);
    if (lost === 'before') return { kind: 'failed', failure: cut };
    const reply = await send();
    return lost === 'after' ? { kind: 'failed', failure: cut } : reply;
  };
  const transport: SyncTransport = {
    hello: inner.hello,
    app: inner.app,
    digest: inner.digest,
    page: (message, signal) => {
      tap.names.push('page');
      return inner.page(message, signal);
    },
    pull: (message, signal) => {
      tap.names.push('pull');
      return inner.pull(message, signal);
    },
    push: (message, signal) => {
      tap.names.push(`push ${message.entries.map((one) => one.table).join()}`);
      return inner.push(message, signal);
    },
    upload: (message, signal) => {
      tap.names.push('upload');
      if (message.data !== '') tap.uploads.push(message);
      return through(() => inner.upload(message, signal));
    },
    document: (message, signal) => {
      tap.names.push('document');
      tap.documents.push(message);
      return through(() => inner.document(message, signal));
    },
  };
  return { tap, transport };
}

describe('C17, C18: documents', () => {
  test.each([1, partBytes - 1, partBytes, partBytes + 1, 3 * partBytes + 7])(
    'X-1: a file of %i bytes, attached offline, survives a restart and reaches the organization and other devices',
    async (size) => {
      const bytes = content(size);
      const storage = memoryStorage();
      const device = await synced('ana', { storage });
      world.online.next(false);
      const note = noteWith(device, bytes);
      await device.close();
      const reopened = await world.device('ana', { storage });
      expect(isSame(reopened.document('annotation', note, column), bytes)).toBe(true);
      world.online.next(true);
      await cycle(reopened);
      expect(reopened.sync.outbox.unsettled()).toEqual([]);
      expect(await carla().retrieve('annotation', note)).toMatchObject({
        documentbody: bytesToBase64(bytes),
        filesize: size,
      });
      const other = await synced('ana');
      expect(isSame(other.document('annotation', note, column), bytes)).toBe(true);
      expect(other.notes('account', account)[0]?.attachment).toMatchObject({ isHere: true });
      expect(await other.sync.compare()).toEqual([]);
      expect(await reopened.sync.compare()).toEqual([]);
    },
  );

  test('X-2: an upload goes on where it was cut off: parts that arrived are not sent again', async () => {
    const bytes = content(8 * partBytes + 5);
    const { tap, transport } = tapped('ana');
    const device = await synced('ana', { transport });
    const note = noteWith(device, bytes);
    const random = seededRandom(3);
    tap.lose = () => {
      const chance = random.next();
      return chance < 0.25 ? 'before' : chance < 0.5 ? 'after' : null;
    };
    let cycles = 0;
    while (device.sync.outbox.pending().length > 0) {
      expect(++cycles).toBeLessThan(40);
      // Complete, or cut off at a part; the document itself tells at the end.
      expect(['done', 'failed']).toContain((await device.sync.run('DELTA_SYNC')).kind);
    }
    expect(await carla().retrieve('annotation', note)).toMatchObject({
      documentbody: bytesToBase64(bytes),
    });
    // Each part was sent once, and once more for each time that it did not arrive.
    const offsets = tap.uploads.map((one) => one.at);
    expect(new Set(offsets).size).toBe(9);
    expect(offsets).toEqual([...offsets].sort((a, b) => a - b));
    expect(cycles).toBeGreaterThan(3);
  });

  test('an answer to the edit that is lost does not cost the upload again', async () => {
    const { tap, transport } = tapped('ana');
    let lose = true;
    const device = await synced('ana', {
      transport: {
        ...transport,
        push: async (message, signal) => {
          const reply = await transport.push(message, signal);
          if (message.entries.length === 0 || !lose) return reply;
          lose = false;
          return { kind: 'failed', failure: cut };
        },
      },
    });
    noteWith(device, content(4 * partBytes));
    expect(await device.sync.run('DELTA_SYNC')).toMatchObject({ kind: 'failed' });
    await cycle(device);
    expect(device.sync.outbox.unsettled()).toEqual([]);
    expect(tap.uploads).toHaveLength(4);
  });

  test('X-2: a download goes on where it was cut off, in a later life of the device too', async () => {
    const bytes = content(9 * partBytes + 1);
    const note = await noteOfCarla(bytes);
    const storage = memoryStorage();
    const first = tapped('ana');
    first.tap.lose = (count) => (count >= 4 ? 'before' : null);
    const device = await synced('ana', { storage, transport: first.transport });
    expect(device.sync.documents.currentProgress).toMatchObject({
      state: 'waiting',
      documents: { done: 0, total: 1 },
      bytes: { done: 4 * partBytes, total: bytes.length },
    });
    expect(device.document('annotation', note, column)).toBeNull();
    expect(device.notes('account', account)[0]?.attachment).toMatchObject({ isHere: false });
    await device.close();
    const second = tapped('ana');
    const reopened = await world.device('ana', { storage, transport: second.transport });
    const seen: number[] = [];
    reopened.sync.documents.progress.subscribe((one) => seen.push(one.bytes.done));
    await cycle(reopened);
    expect(isSame(reopened.document('annotation', note, column), bytes)).toBe(true);
    expect(second.tap.documents.map((one) => one.at)).toEqual(
      [4, 5, 6, 7, 8, 9].map((part) => part * partBytes),
    );
    expect(seen.slice(1)).toEqual([...seen.slice(1)].sort((a, b) => a - b));
    expect(reopened.sync.documents.currentProgress).toMatchObject({ state: 'idle' });
    const before = second.tap.documents.length;
    await cycle(reopened);
    expect(second.tap.documents).toHaveLength(before);
  });

  test('X-4: rows and quick edits go before documents, and what depends on a document after it', async () => {
    const { tap, transport } = tapped('ana');
    await noteOfCarla(content(10));
    const device = await synced('ana', { transport });
    expect(tap.names.indexOf('document')).toBeGreaterThan(tap.names.lastIndexOf('page'));
    expect(tap.names.indexOf('document')).toBeGreaterThan(tap.names.lastIndexOf('pull'));
    tap.names.length = 0;
    const note = noteWith(device, content(2 * partBytes));
    device.update('annotation', note, { subject: 'Later' });
    device.update('account', account, { telephone1: '1' });
    await cycle(device);
    const names = tap.names.filter((one) => one !== 'pull');
    expect(names.slice(0, 5)).toEqual([
      'push account',
      'upload',
      'upload',
      'upload',
      'push annotation',
    ]);
    expect(await carla().retrieve('annotation', note)).toMatchObject({ subject: 'Later' });
  });

  test('a file that is replaced or removed, or whose note is deleted, leaves the device and the organization', async () => {
    const device = await synced('ana');
    const other = await synced('ana');
    const note = noteWith(device, content(1000, 1));
    await cycle(device);
    await cycle(other);
    expect(stored(other)).toHaveLength(1);
    const bytes = content(2000, 2);
    device.attachFile(note, attachment(bytes));
    await cycle(device);
    await cycle(other);
    expect(isSame(other.document('annotation', note, column), bytes)).toBe(true);
    expect(stored(other)).toHaveLength(1);
    expect(stored(device)).toHaveLength(1);
    expect(device.removeAttachment(note).kind).toBe('saved');
    await cycle(device);
    const kept = await carla().retrieve('annotation', note);
    expect(kept).toMatchObject({ annotationid: note, isdocument: false });
    expect(kept?.[column]).toBeUndefined();
    await cycle(other);
    expect(other.notes('account', account)[0]).toMatchObject({ id: note, attachment: null });
    device.attachFile(note, attachment(bytes));
    await cycle(device);
    device.delete('annotation', note);
    await cycle(device);
    const again = noteWith(device, content(10));
    await cycle(device);
    await cycle(other);
    expect(stored(device)).toHaveLength(1);
    expect(stored(other)).toHaveLength(1);
    expect(other.document('annotation', note, column)).toBeNull();
    expect(isSame(other.document('annotation', again, column), content(10))).toBe(true);
    expect(await other.sync.compare()).toEqual([]);
  });

  test('only as much as there is room for; asked for, a file comes and the one used longest ago goes', async () => {
    const notes: string[] = [];
    for (let n = 0; n < 4; n++) notes.push(await noteOfCarla(content(1000, n)));
    const device = await synced('ana', { documents: { budgetBytes: 2500 } });
    const here = () => notes.filter((id) => device.document('annotation', id, column) !== null);
    expect(here()).toHaveLength(2);
    expect(device.sync.documents.currentProgress).toMatchObject({
      state: 'waiting',
      documents: { done: 2, total: 4 },
    });
    const missing = notes.find((id) => device.document('annotation', id, column) === null) ?? '';
    const fetched = await device.fetchDocument('annotation', missing, column);
    expect(fetched).toEqual({ kind: 'ok', content: content(1000, notes.indexOf(missing)) });
    expect(here()).toHaveLength(2);
    expect(here()).toContain(missing);
    // What is not uploaded yet has its room in any case.
    world.online.next(false);
    const own = [noteWith(device, content(2000, 7)), noteWith(device, content(2000, 8))];
    world.online.next(true);
    expect(await device.fetchDocument('annotation', notes[0] ?? '', column)).toMatchObject({
      kind: 'ok',
    });
    expect(own.map((id) => device.document('annotation', id, column)?.length)).toEqual([
      2000, 2000,
    ]);
    world.online.next(false);
    const onDemand = await world.device('ben', { documents: { download: 'onDemand' } });
    world.online.next(true);
    await cycle(onDemand);
    expect(stored(onDemand)).toEqual([]);
  });

  test('X-3: content that is not what its name says is never kept; a damaged one of the device becomes a sync error', async () => {
    const note = await noteOfCarla(content(1000));
    const inner = httpTransport({ url: world.server.url, tokens: staticToken(tokenOf('ana')) });
    let wrong = true;
    const transport: SyncTransport = {
      ...inner,
      document: async (message, signal) => {
        const reply = await inner.document(message, signal);
        if (!wrong || reply.kind === 'failed') return reply;
        return { ...reply, value: { ...reply.value, data: bytesToBase64(content(1000, 9)) } };
      },
    };
    const device = await synced('ana', { transport });
    expect(stored(device)).toEqual([]);
    expect(await device.fetchDocument('annotation', note, column)).toMatchObject({
      kind: 'failed',
      failure: { class: 'protocol' },
    });
    wrong = false;
    await cycle(device);
    expect(isSame(device.document('annotation', note, column), content(1000))).toBe(true);
    const own = noteWith(device, content(500, 3));
    device.store.write({ origin: 'sync' }, (tx) =>
      tx.sql
        .prepare('UPDATE "$document_part" SET bytes = ? WHERE length(bytes) = 500')
        .run([content(500, 4)]),
    );
    await cycle(device);
    expect(device.sync.errors.list()).toMatchObject([
      { message: expect.stringContaining('has not been uploaded') },
    ]);
    expect(await carla().retrieve('annotation', own)).toBeNull();
    const [error] = device.sync.errors.list();
    device.sync.errors.resolve(error?.id ?? '', 'discard');
    const again = noteWith(device, content(500, 3));
    await cycle(device);
    expect(await carla().retrieve('annotation', again)).toMatchObject({ filesize: 500 });
  });

  test('what is no Base64, is too long, or names content that is not here is refused at once', async () => {
    const device = await synced('ana');
    const note = noteWith(device, content(10));
    const reference = `sha256:${'0'.repeat(64)}:5`;
    for (const value of ['***', bytesToBase64(content(4 * 1024 * 1024 + 1)), reference]) {
      expect(device.update('annotation', note, { [column]: value })).toMatchObject({
        kind: 'refused',
        reasons: [{ column }],
      });
    }
    const same = device.get('annotation', note)?.[column];
    expect(device.update('annotation', note, { [column]: same })).toMatchObject({
      kind: 'unchanged',
    });
  });

  test('every document that was sent is in the audit', async () => {
    const note = await noteOfCarla(content(2 * partBytes));
    await synced('ana');
    expect(
      await world.organization.sent({ table: 'annotation', id: note, limit: 1 }),
    ).toMatchObject([{ userId: sampleUsers.ana.id, document: column, ids: [note], rows: 0 }]);
  });

  /** A note with a file on a row that Ana has, written in the organization. */
  async function noteOfCarla(bytes: Uint8Array): Promise<string> {
    const id = `dc000000-0000-4000-8000-${String(++made).padStart(12, '0')}`;
    await carla().create({
      table: 'annotation',
      id,
      values: {
        subject: 'File',
        objectid: { table: 'account', id: account },
        isdocument: true,
        filename: 'plan.bin',
        mimetype: 'application/octet-stream',
        documentbody: bytesToBase64(bytes),
        filesize: bytes.length,
        ownerid: { table: 'systemuser', id: sampleUsers.ana.id },
      },
    });
    return id;
  }
});
let made = 0;
