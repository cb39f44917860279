import { base64ToBytes, type Clock } from '@outpost/model';
import type { DeviceStore, WriteTx } from '@outpost/store';
import { BehaviorSubject, type Observable } from 'rxjs';
import { cancelled, unlessAborted } from '../engine/cancellable.ts';
import { readFact, writeFact } from '../engine/sync-state.ts';
import { readerOf } from '../outbox/entry.ts';
import { type DeviceIdentity, type DocumentResponse, partBytes } from '../protocol/index.ts';
import type { Failure, Reply, SyncTransport } from '../transport.ts';
import {
  appendPart,
  bytesHere,
  dropContent,
  isGenuine,
  isHere,
  putContent,
  readContent,
  referenceOf,
} from './content.ts';
import { documentsOfEdits, documentsOfRows, type NamedDocument } from './named.ts';

export interface DocumentOptions {
  /** `auto` (default): contents follow after rows, those of the newest rows first. `onDemand`: only when asked for. */
  readonly download?: 'auto' | 'onDemand';
  /** Bytes of contents to keep on the device, besides those of edits that are not uploaded. Default 1 GiB. */
  readonly budgetBytes?: number;
}

/** How far the contents of documents are. They are no part of a cycle: rows are complete without them. */
export interface DocumentProgress {
  /** `waiting`: some are missing, and come after a later cycle. */
  readonly state: 'idle' | 'downloading' | 'waiting';
  readonly documents: { readonly done: number; readonly total: number };
  readonly bytes: { readonly done: number; readonly total: number };
}

export type DocumentResult =
  | { readonly kind: 'ok'; readonly content: Uint8Array }
  /** The row or its column holds no document, here or in the organization any more. */
  | { readonly kind: 'absent' }
  | { readonly kind: 'failed'; readonly failure: Failure };

interface DocumentParts {
  readonly store: DeviceStore;
  readonly transport: Pick<SyncTransport, 'document'>;
  readonly device: DeviceIdentity;
  readonly clock: Clock;
  readonly options: DocumentOptions;
  /** Why contents are not shown; null: they are. */
  readonly locked: () => Failure | null;
}

const gibibyte = 1024 ** 3;
const none: DocumentProgress = {
  state: 'idle',
  documents: { done: 0, total: 0 },
  bytes: { done: 0, total: 0 },
};

/** Contents of the files that rows name: kept on the device, downloaded in parts that a restart does not lose. */
export class Documents {
  readonly #parts: DocumentParts;
  readonly #progress = new BehaviorSubject<DocumentProgress>(none);
  #abort: AbortController | null = null;
  readonly #closing = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(parts: DocumentParts) {
    this.#parts = parts;
  }

  get progress(): Observable<DocumentProgress> {
    return this.#progress.asObservable();
  }
  get currentProgress(): DocumentProgress {
    return this.#progress.value;
  }

  /** Keeps content that an edit puts on a row, in the transaction of the edit. */
  put(tx: WriteTx, reference: string, content: Uint8Array): void {
    putContent(tx, reference, content, this.#now);
  }

  /** What the column of a document is to hold for this content. */
  referenceOf(content: Uint8Array): string {
    return referenceOf(content);
  }

  /** The content on this device; null: it is not here. */
  read(reference: string): Uint8Array | null {
    return this.#parts.locked() === null ? readContent(this.#parts.store, reference) : null;
  }

  isHere(reference: string): boolean {
    return this.#parts.locked() === null && isHere(this.#parts.store, reference);
  }

  /** Bytes of contents on this device; 0 while somebody else is signed in. */
  usedBytes(): number {
    return this.#parts.locked() === null ? this.#used() : 0;
  }

  /** The content, from the device or else from the organization; what was used longest ago makes room for it. */
  async fetch(document: NamedDocument, signal?: AbortSignal): Promise<DocumentResult> {
    const { store, locked } = this.#parts;
    const lock = locked();
    if (lock !== null) return { kind: 'failed', failure: lock };
    if (!this.isHere(document.reference)) {
      this.#makeRoom(document);
      const failed = await this.#download(document, signal);
      const failure = failed === null ? null : (locked() ?? failed);
      if (failure !== null) {
        return isGone(failure) ? { kind: 'absent' } : { kind: 'failed', failure };
      }
    }
    store.write({ origin: 'sync' }, (tx) =>
      tx.sql
        .prepare('UPDATE "$document" SET used_at = ? WHERE reference = ?')
        .run([this.#now, document.reference]),
    );
    const content = this.read(document.reference);
    return content === null ? { kind: 'absent' } : { kind: 'ok', content };
  }

  /** Downloads in the background what is missing. */
  start(): void {
    if (this.#abort !== null) return;
    if (readFact(this.#parts.store, 'documentsWanted') !== 'yes') return;
    const abort = new AbortController();
    this.#abort = abort;
    this.#running = this.#follow(abort.signal).finally(() => {
      if (this.#abort === abort) this.#abort = null;
    });
  }

  /** Stops the download; what has come stays. */
  async pause(): Promise<void> {
    this.#abort?.abort();
    this.#abort = null;
    if (this.#parts.locked() !== null) this.#progress.next(none);
    await this.#running;
  }

  /** Resolves when nothing is being downloaded. */
  idle(): Promise<void> {
    return this.#running;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.pause();
    this.#progress.complete();
  }

  get #now(): number {
    return this.#parts.clock.now();
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const { store, options } = this.#parts;
    const named = documentsOfRows(store);
    this.#collect(named);
    const missing = named.filter((one) => !this.isHere(one.reference));
    const total = named.reduce((sum, one) => sum + one.bytes, 0);
    const left = new Set(missing);
    const report = (state: DocumentProgress['state']) => {
      const open = [...left].reduce(
        (sum, one) => sum + one.bytes - (bytesHere(store, one.reference) ?? 0),
        0,
      );
      this.#progress.next({
        state,
        documents: { done: named.length - left.size, total: named.length },
        bytes: { done: total - open, total },
      });
    };
    if (options.download !== 'onDemand') {
      for (const one of missing) {
        const room = (options.budgetBytes ?? gibibyte) - this.#used() >= one.bytes;
        if (signal.aborted || !room) break;
        report('downloading');
        const failure = await this.#download(one, signal, () => report('downloading'));
        // Another content is in the row now: the next delta says so.
        if (failure !== null && !isGone(failure)) break;
        if (failure === null) left.delete(one);
      }
    }
    if (left.size === 0) {
      store.write({ origin: 'sync' }, (tx) => writeFact(tx.sql, 'documentsWanted', 'no'));
    }
    report(left.size === 0 ? 'idle' : 'waiting');
  }

  /** Goes on where the device has got to. Null: it is here. */
  async #download(
    { reference, bytes: size, table, id, column }: NamedDocument,
    signal?: AbortSignal,
    report?: () => void,
  ): Promise<Failure | null> {
    const { store, transport, device } = this.#parts;
    for (let at = bytesHere(store, reference) ?? 0; at < size; ) {
      const request = { device, table, id, column, reference, at };
      const reply = await unlessAborted<Reply<DocumentResponse>>(
        [signal, this.#closing.signal],
        cancelled,
        () => transport.document(request, signal ?? this.#closing.signal),
      );
      if (reply.kind === 'failed') return reply.failure;
      const bytes = base64ToBytes(reply.value.data);
      const fits = bytes !== null && bytes.length > 0 && bytes.length <= partBytes;
      if (!fits || at + bytes.length > size) return broken;
      // Somebody else may have brought it meanwhile.
      if ((bytesHere(store, reference) ?? 0) !== at) {
        at = bytesHere(store, reference) ?? 0;
        continue;
      }
      store.write({ origin: 'sync' }, (tx) => {
        appendPart(tx, reference, at, bytes, this.#now);
        if (at + bytes.length === size && !isGenuine(readerOf(tx.sql), reference)) {
          dropContent(tx, reference);
        }
      });
      at += bytes.length;
      report?.();
    }
    return this.isHere(reference) ? null : broken;
  }

  #used(): number {
    const row = this.#parts.store.all('SELECT coalesce(sum(have), 0) FROM "$document"')[0];
    return Number(row?.[0] ?? 0);
  }

  /** Drops contents that nothing names any more. */
  #collect(named: readonly NamedDocument[]): void {
    const { store } = this.#parts;
    const kept = new Set([...named.map((one) => one.reference), ...documentsOfEdits(store)]);
    const loose = store
      .all('SELECT reference FROM "$document"')
      .map((row) => String(row[0]))
      .filter((one) => !kept.has(one));
    if (loose.length === 0) return;
    store.write({ origin: 'sync' }, (tx) => {
      for (const one of loose) dropContent(tx, one);
    });
  }

  #makeRoom({ reference, bytes }: NamedDocument): void {
    const { store, options } = this.#parts;
    let over = this.#used() + bytes - (options.budgetBytes ?? gibibyte);
    if (over <= 0) return;
    const edited = documentsOfEdits(store);
    const oldest = store.all('SELECT reference, have FROM "$document" ORDER BY used_at, reference');
    const dropped: string[] = [];
    for (const [one, have] of oldest) {
      if (over <= 0) break;
      if (edited.has(String(one)) || one === reference) continue;
      dropped.push(String(one));
      over -= Number(have);
    }
    store.write({ origin: 'sync' }, (tx) => {
      for (const one of dropped) dropContent(tx, one);
      if (dropped.length > 0) writeFact(tx.sql, 'documentsWanted', 'yes');
    });
  }
}

/** The organization says that there is no such document; what others say is no word of its. */
function isGone({ class: kind, status }: Failure): boolean {
  return status === 404 && kind !== 'network';
}

const broken: Failure = {
  class: 'protocol',
  status: 200,
  code: null,
  message: 'The organization sent another document than the row names.',
  retryAfterMs: null,
};
