import { type Decoder, nullable, object, text } from './decode.ts';

/** Whose token a request carries. */
export interface WhoResponse {
  readonly now: string;
  readonly organization: string | null;
  readonly user: { readonly id: string; readonly name: string };
}
export const whoResponse: Decoder<WhoResponse> = object<WhoResponse>({
  now: text,
  organization: nullable(text),
  user: object({ id: text, name: text }),
});

/** Code of the answer to a request that carries what belongs to another user than its token. */
export const otherUserCode = 'outpost:otherUser';
