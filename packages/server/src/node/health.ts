import type { Organization } from '../organization.ts';

/** Whoever asks gets an answer within this time, whatever the organization is busy with. */
const answerMs = 50;

/**
 * Tells whether an organization can be used. One question at a time goes to its store, whoever asks; while that takes
 * long, the answer is that of the last one.
 */
export class Health {
  readonly #organization: Pick<Organization, 'isLoaded'>;
  #asking: Promise<boolean> | null = null;
  /** An organization has been made from its store. */
  #last = true;

  constructor(organization: Pick<Organization, 'isLoaded'>) {
    this.#organization = organization;
  }

  async isGood(): Promise<boolean> {
    this.#asking ??= this.#ask();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<boolean>((resolve) => {
      timer = setTimeout(() => resolve(this.#last), answerMs);
    });
    try {
      return await Promise.race([this.#asking, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  async #ask(): Promise<boolean> {
    try {
      await this.#organization.isLoaded();
      this.#last = true;
    } catch {
      this.#last = false;
    }
    this.#asking = null;
    return this.#last;
  }
}
