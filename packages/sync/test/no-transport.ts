import type { SyncTransport } from '../src/transport.ts';

/** The way to an organization that nobody may ask. */
const fail = () => Promise.reject(new Error('Nothing is sent here.'));

export const noTransport: SyncTransport = {
  hello: fail,
  app: fail,
  pull: fail,
  page: fail,
  digest: fail,
  push: fail,
  upload: fail,
  document: fail,
};
