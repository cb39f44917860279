/** Wrong usage: a clear message, exit code 2. */
export class UsageError extends Error {}
