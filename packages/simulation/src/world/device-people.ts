import { FormBook } from './form-book.ts';

/** Who uses a device, and what they know: written from what they did, not from what the device keeps. */
export class DevicePeople {
  /** Whoever signs in is somebody of whom the app knows without a network who it is. */
  isKnown = false;
  /** Ids of rows that the organization has sent to each user here, and of those that each has made. */
  readonly #rows = new Map<string, Set<string>>();
  readonly #books = new Map<string, FormBook>();
  readonly #authors = new Map<string, string>();
  #userId: string;
  #owner: string | null = null;
  #copiedOwner: string | null = null;

  constructor(userId: string) {
    this.#userId = userId;
  }

  get userId(): string {
    return this.#userId;
  }

  /** Whom the database on the disk belongs to; null: nobody has synchronized it. */
  get owner(): string | null {
    return this.#owner;
  }

  get isOwner(): boolean {
    return this.#owner === null || this.#owner === this.#userId;
  }

  /** Others have been signed in here too. */
  get areSeveral(): boolean {
    return this.#rows.size > 1;
  }

  get forms(): FormBook {
    return this.formsOf(this.#userId);
  }

  formsOf(userId: string): FormBook {
    const book = this.#books.get(userId) ?? new FormBook();
    this.#books.set(userId, book);
    return book;
  }

  /** The organization has let the user in: the database is theirs, if it was nobody's. */
  letIn(userId: string): void {
    this.#owner ??= userId;
    this.rowsOf(userId);
  }

  /** The disk holds nothing of anybody: what was there was lost with the power. */
  free(): void {
    this.#owner = null;
  }

  /** Forms of those who are not signed in now. */
  others(): readonly (readonly [userId: string, book: FormBook])[] {
    return [...this.#books].filter(([userId]) => userId !== this.#userId);
  }

  signIn(userId: string, isKnown: boolean): void {
    this.#userId = userId;
    this.isKnown = isKnown;
  }

  signedOut(pending: 'keep' | 'discard', keeps: boolean): void {
    if (pending === 'discard') this.forms.left.length = 0;
    if (!keeps) this.#owner = null;
  }

  rowsOf(userId: string): Set<string> {
    const rows = this.#rows.get(userId) ?? new Set();
    this.#rows.set(userId, rows);
    return rows;
  }

  /** Who made an edit of the queue: whoever was signed in when it was first seen there. */
  authorOf(key: readonly [epoch: string, seq: number]): string {
    const name = key.join('/');
    const author = this.#authors.get(name) ?? this.#userId;
    this.#authors.set(name, author);
    return author;
  }

  copy(): void {
    this.#copiedOwner = this.#owner;
    for (const [userId, book] of this.#books) book.copy(userId === this.#owner);
  }

  restore(): void {
    this.#owner = this.#copiedOwner;
    for (const book of this.#books.values()) book.restore();
  }
}
