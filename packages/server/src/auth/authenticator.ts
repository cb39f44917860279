/** Finds users by what an identity provider knows of them. */
export interface UserDirectory {
  /**
   * The user with this `azureactivedirectoryobjectid`, or, where a user has none, with this id. Throws the 403 of
   * somebody who is no user.
   */
  byObjectId(objectId: string): Promise<string>;
}

/** Tells whose token it is. */
export interface Authenticator {
  /** The user's id, or null for a token that is not accepted. */
  authenticate(token: string, directory: UserDirectory): Promise<string | null>;
  /** Parameters of the challenge that callers without an accepted token get, such as where to sign in. */
  readonly challenge?: string;
}

/** Accepts what any of several accepts; the first one that gives a challenge gives it. */
export function anyOf(...authenticators: readonly Authenticator[]): Authenticator {
  const challenge = authenticators.find((one) => one.challenge !== undefined)?.challenge;
  return {
    async authenticate(token, directory) {
      for (const one of authenticators) {
        const userId = await one.authenticate(token, directory);
        if (userId !== null) return userId;
      }
      return null;
    },
    ...(challenge === undefined ? {} : { challenge }),
  };
}
