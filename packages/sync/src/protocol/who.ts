import { type Decoder, name, nullable, object, shortText } from './decode.ts';

/** Whose token a request carries. */
export interface WhoResponse {
  readonly now: string;
  readonly organization: string | null;
  readonly user: { readonly id: string; readonly name: string };
}
export const whoResponse: Decoder<WhoResponse> = object<WhoResponse>({
  now: name,
  organization: nullable(name),
  user: object({ id: name, name: shortText }),
});

/** Code of the answer to a request that carries what belongs to another user than its token. */
export const otherUserCode = 'outpost:otherUser';
