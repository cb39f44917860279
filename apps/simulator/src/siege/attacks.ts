/** One request of a hostile user. */
export interface Attack {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly type?: string;
  readonly body?: string;
  /** The answer is not read, and the connection is kept. */
  readonly unread?: boolean;
}

const webApi = '/api/data/v9.2';
const joins = (depth: number): string =>
  depth === 0
    ? ''
    : `<link-entity name="account" from="statecode" to="statecode" alias="a${depth}">${joins(depth - 1)}</link-entity>`;
const endless = `<fetch count="5000"><entity name="account"><order entityname="a5" attribute="name"/>${joins(5)}</entity></fetch>`;
const batch = [
  ...Array.from({ length: 1000 }, () =>
    ['--b', 'Content-Type: application/http', '', 'GET accounts HTTP/1.1', '', ''].join('\r\n'),
  ),
  '--b--',
  '',
].join('\r\n');
const deep = `${'{"a":'.repeat(500_000)}1${'}'.repeat(500_000)}`;
const large = `{"device":{"id":"d","epoch":"e"},"entries":[${'{},'.repeat(2_000_000)}{}]}`;

/** What each hostile user sends, again and again. */
export function attacksOf(name: string, app: string): readonly Attack[] {
  switch (name) {
    case 'joiner':
      return [
        { method: 'GET', path: `${webApi}/accounts?fetchXml=${encodeURIComponent(endless)}` },
      ];
    case 'batcher':
      return [
        {
          method: 'POST',
          path: `${webApi}/$batch`,
          type: 'multipart/mixed; boundary=b',
          body: batch,
        },
      ];
    case 'puller':
      return [
        {
          method: 'POST',
          path: '/sync/v1/pull',
          body: JSON.stringify({
            device: { id: 'hostile', epoch: 'e' },
            seen: { app, access: '' },
            from: Array.from({ length: 1000 }, () => ({ token: null, tables: ['account'] })),
            views: {},
            awaiting: [],
            maxRows: 5000,
          }),
        },
        {
          method: 'POST',
          path: '/sync/v1/page',
          body: JSON.stringify({
            device: { id: 'hostile', epoch: 'e' },
            seen: { app, access: '' },
            table: 'account',
            after: null,
            upTo: null,
            ids: null,
            limit: 5000,
          }),
        },
      ];
    case 'listener':
      return [
        { method: 'GET', path: '/sync/v1/hints', unread: true },
        { method: 'POST', path: '/sync/v1/push', body: large },
      ];
    default:
      return [
        {
          method: 'GET',
          path: `${webApi}/accounts(a=${'%09'.repeat(2000)}=${'%09'.repeat(2000)}'')`,
        },
        {
          method: 'GET',
          path: `${webApi}/accounts?$filter=${'contact_customer_accounts/any(x:account_primary_contact/any(y:'.repeat(20)}`,
        },
        { method: 'POST', path: `${webApi}/accounts`, type: 'application/json', body: deep },
        { method: 'GET', path: '/nobody/knows/this/address' },
      ];
  }
}
