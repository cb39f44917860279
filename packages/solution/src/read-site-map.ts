import { parseGuid, type SiteMap, type SiteMapSubArea, type Table } from '@outpost/model';
import type { ReadContext } from './read-table.ts';
import { childNamed, childrenNamed, textOf, type XmlNode } from './xml/xml-tree.ts';

interface SiteMapContext extends Pick<ReadContext, 'language' | 'report'> {
  readonly tables: ReadonlyMap<string, Table>;
}

/**
 * Navigation of an app: the site map it names, else the first of the solution, else that of the organization. Sub-areas
 * that are not tables of the solution are reported and left out.
 */
export function readSiteMap(
  root: XmlNode,
  uniqueName: string | null,
  context: SiteMapContext,
): SiteMap {
  const maps = childrenNamed(childNamed(root, 'AppModuleSiteMaps'), 'AppModuleSiteMap');
  const own = maps.find((one) => textOf(one, 'SiteMapUniqueName') === uniqueName) ?? maps[0];
  const [map, where] =
    own === undefined
      ? [childNamed(childNamed(root, 'SiteMap'), 'SiteMap'), 'SiteMap']
      : [childNamed(own, 'SiteMap'), `AppModuleSiteMaps/${textOf(own, 'SiteMapUniqueName')}`];
  return {
    areas: childrenNamed(map, 'Area').map((area) => ({
      label: titleOf(area, context.language) ?? area.attributes['Id'] ?? '',
      groups: childrenNamed(area, 'Group').map((group) => ({
        label: titleOf(group, context.language) ?? group.attributes['Id'] ?? '',
        subAreas: childrenNamed(group, 'SubArea').flatMap((sub) =>
          readSubArea(
            sub,
            `customizations.xml/${where}/${area.attributes['Id']}/${sub.attributes['Id']}`,
            context,
          ),
        ),
      })),
    })),
  };
}

function readSubArea(
  sub: XmlNode,
  location: string,
  { tables, language, report }: SiteMapContext,
): readonly SiteMapSubArea[] {
  const url = sub.attributes['Url'] ?? '';
  const name = (sub.attributes['Entity'] ?? /[?&]etn=(\w+)/.exec(url)?.[1])?.toLowerCase();
  const table = tables.get(name ?? '');
  const title = titleOf(sub, language);
  if (table === undefined) {
    const what =
      name === undefined
        ? 'is not a table'
        : `names table "${name}", which the solution does not hold`;
    const label = title ?? sub.attributes['Id'] ?? '';
    report('info', 'solution.subAreaLeftOut', `Sub-area "${label}" ${what}.`, location);
    return [];
  }
  const view = parseGuid(decodeGuid(/[?&]viewid=([^&]+)/.exec(url)?.[1] ?? ''));
  return [
    { label: title ?? table.pluralLabel, table: table.name, ...(view === null ? {} : { view }) },
  ];
}

/** `%7bA90D...%7d` as a GUID's text. */
function decodeGuid(text: string): string {
  return text.replaceAll(/%7b/gi, '{').replaceAll(/%7d/gi, '}');
}

function titleOf(node: XmlNode, language: string): string | null {
  const titles = childrenNamed(childNamed(node, 'Titles'), 'Title');
  const found = titles.find((one) => one.attributes['LCID'] === language) ?? titles[0];
  return found?.attributes['Title'] ?? node.attributes['Title'] ?? null;
}
