import type pg from 'pg';

/**
 * A connection while it is in use. Its end (the database restarts, an administrator ends it, the network goes) is an
 * event that comes at any time, between two statements too; when nobody listens, it ends the process.
 */
export class Connection {
  readonly client: pg.PoolClient;
  /** Whether it is not to be used again, though it works. */
  isUsedUp = false;
  #isLost = false;

  constructor(client: pg.PoolClient) {
    this.client = client;
    client.on('error', this.lose);
  }

  readonly lose = (): void => {
    this.#isLost = true;
  };

  /** Whether it ended while it was in use. */
  get isLost(): boolean {
    return this.#isLost;
  }

  /** Back to the pool, which listens from now on, or away with it. */
  release(): void {
    this.client.release(this.#isLost || this.isUsedUp);
    this.client.off('error', this.lose);
  }
}
