import {
  type AppResponse,
  appResponse,
  type Decoder,
  type DigestRequest,
  type DigestResponse,
  type DocumentRequest,
  type DocumentResponse,
  digestRequest,
  digestResponse,
  documentRequest,
  documentResponse,
  type HelloRequest,
  type HelloResponse,
  helloRequest,
  helloResponse,
  type PageRequest,
  type PageResponse,
  type PartRequest,
  type PartResponse,
  type PullRequest,
  type PullResponse,
  type PushRequest,
  type PushResponse,
  pageRequest,
  pageResponse,
  partRequest,
  partResponse,
  pullRequest,
  pullResponse,
  pushRequest,
  pushResponse,
  type UploadRequest,
  type UploadResponse,
  uploadRequest,
  uploadResponse,
  type WhoResponse,
  whoResponse,
} from '../src/protocol/index.ts';

const device = { id: 'd1', epoch: 'e2', user: 'u1' };
const seen = { app: 'a1', access: 'r1' };
const now = '2026-03-02T08:00:00Z';
const reference = `sha256:${'ab'.repeat(32)}:5`;
const row = { table: 'account', id: 'i1' };

interface Messages {
  helloRequest: HelloRequest;
  helloResponse: HelloResponse;
  appResponse: AppResponse;
  pullRequest: PullRequest;
  pullResponse: PullResponse;
  pageRequest: PageRequest;
  pageResponse: PageResponse;
  digestRequest: DigestRequest;
  digestResponse: DigestResponse;
  pushRequest: PushRequest;
  pushResponse: PushResponse;
  partRequest: PartRequest;
  partResponse: PartResponse;
  uploadRequest: UploadRequest;
  uploadResponse: UploadResponse;
  documentRequest: DocumentRequest;
  documentResponse: DocumentResponse;
  whoResponse: WhoResponse;
}

/** One message of each kind in which every member holds something, and its decoder. */
export const messages: {
  readonly [K in keyof Messages]: readonly [Decoder<Messages[K]>, Messages[K]];
} = {
  helloRequest: [helloRequest, { device, previous: ['e1'], takeOver: true, uncounted: ['task'] }],
  helloResponse: [
    helloResponse,
    {
      now,
      feed: 'f1',
      current: seen,
      organization: 'o1',
      user: { id: 'u1', name: 'Ana', businessUnitId: 'b1', teamIds: ['t1', 't2'] },
      conflictPolicy: 'merge',
      privileges: { account: { read: 4, write: 1 } },
      beyondRoles: true,
      securedColumns: { account: { revenue: ['read', 'update'] } },
      plan: [
        { table: 'account', rows: 12, view: 'v1', intervalMinutes: 10 },
        { table: 'task', rows: null, view: 'v2', intervalMinutes: 60 },
      ],
    },
  ],
  appResponse: [appResponse, { app: 'a1', model: { tables: [{ name: 'account' }] } }],
  pullRequest: [
    pullRequest,
    {
      device,
      seen,
      from: [
        { token: 'k1', tables: ['account', 'task'] },
        { token: null, tables: ['lead'] },
      ],
      views: { account: 'v1' },
      awaiting: [['e1', 7, 9]],
      maxRows: 5000,
    },
  ],
  pullResponse: [
    pullResponse,
    {
      now,
      current: seen,
      changes: [
        { table: 'account', columns: ['accountid', 'n'], empty: ['x'], rows: [['i1', 1.5]] },
      ],
      removes: [{ table: 'task', reason: 'filter', ids: ['i2'] }],
      tokens: [{ token: 'k2', tables: ['account'] }],
      check: [{ table: 'lead', why: 'expired', view: 'v3' }],
      acked: [['e1', 7, 8]],
      more: true,
    },
  ],
  pageRequest: [
    pageRequest,
    { device, seen, table: 'account', after: 'i1', upTo: 'i9', ids: ['i3'], limit: 500 },
  ],
  pageResponse: [
    pageResponse,
    {
      now,
      current: seen,
      view: 'v1',
      covered: 'i2',
      table: 'account',
      columns: ['accountid', 'name'],
      empty: ['fax'],
      rows: [
        ['i1', 'A'],
        ['i2', null],
      ],
    },
  ],
  digestRequest: [
    digestRequest,
    {
      device,
      seen,
      table: 'account',
      token: 'k1',
      columns: ['accountid'],
      after: 'i0',
      ranges: [
        { upTo: 'i5', rows: 3, sum: '00ff' },
        { upTo: null, rows: 0, sum: '0000' },
      ],
    },
  ],
  digestResponse: [digestResponse, { now, current: seen, view: 'v1', bad: [0, 3], stale: [3] }],
  pushRequest: [
    pushRequest,
    {
      device,
      settledBelow: [['e1', 9]],
      entries: [
        {
          key: ['e1', 9],
          op: 'update',
          ...row,
          set: { name: 'B', revenue: 1.5 },
          base: { name: 'A', revenue: null },
          baseVersion: 4,
          baseOf: ['e1', 8],
          after: [['e1', 8]],
          changeSet: 'c1',
          attempt: 2,
          at: now,
        },
      ],
    },
  ],
  pushResponse: [
    pushResponse,
    {
      now,
      results: [
        { key: ['e1', 1], status: 'applied', version: 5 },
        { key: ['e1', 2], status: 'settled' },
        { key: ['e1', 3], status: 'blocked' },
        { key: ['e1', 4], status: 'retryLater' },
        {
          key: ['e1', 5],
          status: 'refused',
          errorType: 3,
          code: '0x80040220',
          message: 'No.',
          columns: ['name'],
          syncError: 's1',
        },
      ],
    },
  ],
  partRequest: [partRequest, { device, reference, at: 3, data: 'aGk=' }],
  partResponse: [partResponse, { now, have: 5, pushed: { now, results: [] } }],
  uploadRequest: [uploadRequest, { device, reference, at: 3, data: 'aGk=' }],
  uploadResponse: [uploadResponse, { now, have: 5 }],
  documentRequest: [
    documentRequest,
    { device, table: 'annotation', id: 'i1', column: 'documentbody', reference, at: 0 },
  ],
  documentResponse: [documentResponse, { now, data: 'aGVsbG8=' }],
  whoResponse: [whoResponse, { now, organization: 'o1', user: { id: 'u1', name: 'Ana' } }],
};
