import { type Column, fold } from '@outpost/model';
import { tokensOf } from '../terms/tokenize.ts';

/** The label of an option, as its tokens. */
export interface LabelTokens {
  readonly value: number;
  readonly folded: string;
  readonly tokens: readonly string[];
}

export function labelsOf({ options = [] }: Column): readonly LabelTokens[] {
  return options.map(({ value, label }) => {
    const folded = fold(label);
    return { value, folded, tokens: tokensOf(folded).map((token) => token.text) };
  });
}
