/**
 * How a row matches, best first: a value is the term; a value begins with it; each word begins the first token of a value;
 * begins a token; stands in a token; is one edit, two edits away from one. The worst word decides.
 */
export const ranks = ['exact', 'value', 'firstToken', 'token', 'infix', 'typo1', 'typo2'] as const;
export type Rank = (typeof ranks)[number];

/** Ranks as numbers, 0 is best. */
export const rankOf: Readonly<Record<Rank, number>> = {
  exact: 0,
  value: 1,
  firstToken: 2,
  token: 3,
  infix: 4,
  typo1: 5,
  typo2: 6,
};
