import type { Cell } from '@outpost/model';
import { readXml } from '../fetch-xml/read-xml.ts';
import { QueryError } from '../query-error.ts';

/** Where a page begins or ends: values of the order columns, and the row. */
export interface CookieRow {
  readonly cells: readonly Cell[];
  readonly id: string;
}

/** A page's first and last row, as `paging-cookie` carries them. */
export interface PagingCookie {
  readonly page: number;
  readonly first: CookieRow;
  readonly last: CookieRow;
}

const badCookie = '0x8004112A';

function wrong(message: string): QueryError {
  return new QueryError(
    'value',
    message,
    'Use the cookie of the page before, unchanged.',
    badCookie,
  );
}

/** Reads a cookie made for a query with these order columns. Throws a `value` error for any other. */
export function parseCookie(
  text: string,
  columns: readonly string[],
  primaryId: string,
): PagingCookie {
  let root: ReturnType<typeof readXml>;
  try {
    root = readXml(text);
  } catch (error) {
    if (error instanceof QueryError)
      throw wrong(`The paging cookie cannot be read: ${error.message}`);
    throw error;
  }
  const page = root.attributes['page'] ?? '';
  const names = root.children.map((child) => child.name);
  const expected = [...columns, primaryId];
  if (root.name !== 'cookie' || !/^[1-9]\d{0,8}$/.test(page) || names.join() !== expected.join()) {
    throw wrong(
      `The paging cookie does not belong to this query: it orders by ${names.join(', ') || 'nothing'}.`,
    );
  }
  const row = (side: 'first' | 'last'): CookieRow => {
    const cells = root.children.map(
      ({ attributes }): Cell =>
        attributes[`${side}null`] === '1' ? null : (attributes[side] ?? null),
    );
    const id = String(cells.pop() ?? '')
      .replace(/[{}]/g, '')
      .toLowerCase();
    return { cells, id };
  };
  return { page: Number(page), first: row('first'), last: row('last') };
}

/** The cookie of a page. */
export function writeCookie(
  { page, first, last }: PagingCookie,
  columns: readonly string[],
  primaryId: string,
): string {
  const values = (side: 'first' | 'last', cell: Cell | undefined) =>
    cell === null || cell === undefined
      ? `${side}null="1"`
      : `${side}="${String(cell).replace(/[&<>"\t\n\r]/g, (one) => `&#${one.charCodeAt(0)};`)}"`;
  const parts = columns.map(
    (column, i) =>
      `<${column} ${values('last', last.cells[i])} ${values('first', first.cells[i])}/>`,
  );
  const id = (row: CookieRow) => `{${row.id.toUpperCase()}}`;
  return `<cookie page="${page}">${parts.join('')}<${primaryId} last="${id(last)}" first="${id(first)}"/></cookie>`;
}

/** The cookie as the Web API annotates it: encoded twice. */
export function annotateCookie(cookie: string, page: number): string {
  const encoded = encodeURIComponent(encodeURIComponent(cookie));
  return `<cookie pagenumber="${page + 1}" pagingcookie="${encoded}" istracking="False" />`;
}
