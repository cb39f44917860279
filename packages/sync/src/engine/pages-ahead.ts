import type { PageResponse } from '../protocol/index.ts';
import type { Reply } from '../transport.ts';

/** Asks for the next page while the one before it is taken in. */
export class PagesAhead {
  readonly #send: (table: string, after: string | null) => Promise<Reply<PageResponse>>;
  #asked: {
    readonly table: string;
    readonly after: string | null;
    readonly reply: Promise<Reply<PageResponse>>;
  } | null = null;

  constructor(send: (table: string, after: string | null) => Promise<Reply<PageResponse>>) {
    this.#send = send;
  }

  /** Sends the request now; `read` gives its answer. */
  ask(table: string, after: string | null): void {
    const reply = this.#send(table, after);
    // When the cycle ends before it is read, nobody waits for it.
    reply.catch(() => undefined);
    this.#asked = { table, after, reply };
  }

  /** The page after a key: the one that was asked for, if it is that one. */
  read(table: string, after: string | null): Promise<Reply<PageResponse>> {
    const asked = this.#asked;
    this.#asked = null;
    const isThat = asked?.table === table && asked.after === after;
    return isThat ? asked.reply : this.#send(table, after);
  }
}
