/** How many requests are carried out at the same time; others wait for their turn. */
export interface Shares {
  readonly perUser: number;
  readonly all: number;
}

/**
 * Lets requests in, so many of a user and so many in all, each user in turn: whoever sends many waits for themselves,
 * and holds nobody else up.
 */
export class FairShare {
  readonly #shares: Shares;
  readonly #running = new Map<string, number>();
  /** Users in the order of their turns. */
  readonly #waiting = new Map<string, (() => void)[]>();
  #total = 0;

  constructor(shares: Shares) {
    this.#shares = shares;
  }

  async run<T>(user: string, request: () => Promise<T>): Promise<T> {
    if (!this.#enter(user)) {
      await new Promise<void>((resolve) => {
        const turns = this.#waiting.get(user) ?? [];
        this.#waiting.set(user, turns);
        turns.push(resolve);
      });
    }
    try {
      return await request();
    } finally {
      this.#leave(user);
    }
  }

  #enter(user: string): boolean {
    const own = this.#running.get(user) ?? 0;
    if (own >= this.#shares.perUser || this.#total >= this.#shares.all) return false;
    this.#running.set(user, own + 1);
    this.#total += 1;
    return true;
  }

  #leave(user: string): void {
    const own = (this.#running.get(user) ?? 1) - 1;
    if (own === 0) this.#running.delete(user);
    else this.#running.set(user, own);
    this.#total -= 1;
    for (const [next, turns] of this.#waiting) {
      if (!this.#enter(next)) continue;
      const turn = turns.shift();
      // Those after this user come first next time.
      this.#waiting.delete(next);
      if (turns.length > 0) this.#waiting.set(next, turns);
      turn?.();
      return;
    }
  }
}
