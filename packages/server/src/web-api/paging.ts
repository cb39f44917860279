import { annotateCookie, type FetchQuery, type QueryPage } from '@outpost/query';
import { badAddress } from './address.ts';

const cookieAnnotation = '@Microsoft.Dynamics.CRM.fetchxmlpagingcookie';
const moreAnnotation = '@Microsoft.Dynamics.CRM.morerecords';

/** Where the next page begins, as `$skiptoken` carries it. */
export function skipToken(query: FetchQuery, page: QueryPage): string {
  if (page.pagingCookie !== null) return annotateCookie(page.pagingCookie, query.page);
  return `<cookie pagenumber="${query.page + 1}" istracking="False" />`;
}

/** The page of a query that a `$skiptoken` names. Throws `HttpError`. */
export function atSkipToken(query: FetchQuery, token: string): FetchQuery {
  // Clients that encode links once more send it so.
  const plain = token.startsWith('<') ? token : decoded(token, 2);
  const page = /\bpagenumber="([1-9]\d{0,8})"/.exec(plain)?.[1];
  if (page === undefined) throw badAddress('The $skiptoken is not one of ours.');
  const cookie = /\bpagingcookie="([^"]*)"/.exec(plain)?.[1];
  return {
    ...query,
    page: Number(page),
    pagingCookie: cookie === undefined ? null : decoded(cookie, 2),
  };
}

/** What a page of a FetchXML query is annotated with, whether asked for or not: without it nobody could go on. */
export function fetchAnnotations(
  query: FetchQuery,
  page: QueryPage,
): Readonly<Record<string, unknown>> {
  const { pagingCookie, moreRecords } = page;
  const cookie =
    pagingCookie === null ? {} : { [cookieAnnotation]: annotateCookie(pagingCookie, query.page) };
  return { ...(moreRecords ? cookie : {}), [moreAnnotation]: moreRecords };
}

/** Totals, of which Dataverse counts 5,000 at most. */
export function totals(
  query: FetchQuery,
  page: QueryPage,
  include: (annotation: string) => boolean,
): Readonly<Record<string, unknown>> {
  const total = 'Microsoft.Dynamics.CRM.totalrecordcount';
  return {
    ...(query.countTotal ? { '@odata.count': page.totalRecordCount } : {}),
    ...(include(total)
      ? {
          [`@${total}`]: page.totalRecordCount,
          [`@${total}limitexceeded`]: page.totalRecordCountLimitExceeded,
        }
      : {}),
  };
}

/** Undoes up to so many encodings: a client may have undone one already. */
function decoded(encoded: string, times: number): string {
  let text = encoded;
  for (let i = 0; i < times && /%[0-9a-f]{2}/i.test(text); i++) {
    try {
      text = decodeURIComponent(text);
    } catch {
      throw badAddress('The paging cookie is not encoded as it should be.');
    }
  }
  return text;
}
