import type { IncomingMessage } from '@outpost/sync/http';

/** Who may answer on the way to the organization. */
export type ForeignPage = 'portal' | 'signIn' | 'firewall' | 'proxy' | 'gateway';
export const foreignPages: readonly ForeignPage[] = [
  'portal',
  'signIn',
  'firewall',
  'proxy',
  'gateway',
];

const html = '<!doctype html><title>Guest network</title><h1>Welcome</h1>';
const year = 365 * 86_400_000;

const answers: Readonly<Record<ForeignPage, Omit<IncomingMessage, 'bytes'>>> = {
  portal: { status: 200, text: html, retryAfterMs: null },
  signIn: { status: 401, text: html, retryAfterMs: null },
  firewall: { status: 403, text: html, retryAfterMs: null },
  proxy: {
    status: 403,
    text: '{"error":{"code":"Forbidden","message":"No."}}',
    retryAfterMs: null,
  },
  gateway: { status: 503, text: html, retryAfterMs: year },
};

/** What it answers, whatever it is asked. */
export function foreignAnswerOf(page: ForeignPage): IncomingMessage {
  const answer = answers[page];
  return { ...answer, bytes: answer.text.length };
}
