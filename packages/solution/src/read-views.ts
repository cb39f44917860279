import { parseGuid, type SavedQuery } from '@outpost/model';
import { entityName, type ReadContext } from './read-table.ts';
import { childNamed, descendants, labelIn, textOf, toXml, type XmlNode } from './xml/xml-tree.ts';

/** All saved queries of an entity; one without an id or a query is reported and left out. */
export function readSavedQueries(entity: XmlNode, context: ReadContext): readonly SavedQuery[] {
  const table = entityName(entity);
  return descendants(childNamed(entity, 'SavedQueries'), 'savedquery').flatMap(
    (node): SavedQuery[] => {
      const id = parseGuid(textOf(node, 'savedqueryid'));
      const name =
        labelIn(childNamed(node, 'LocalizedNames'), context.language) ?? textOf(node, 'name');
      const location = `customizations.xml/Entities/${table}/SavedQueries/${id ?? name}`;
      const fetch = childNamed(childNamed(node, 'fetchxml'), 'fetch');
      if (id === null || fetch === undefined) {
        context.report(
          'warning',
          'solution.incompleteView',
          'The view has no id or no query.',
          location,
        );
        return [];
      }
      const cells = descendants(childNamed(node, 'layoutxml'), 'cell');
      return [
        {
          id,
          name,
          table,
          queryType: Number(textOf(node, 'querytype')),
          isDefault: textOf(node, 'isdefault') === '1',
          fetchXml: toXml(fetch),
          layout: cells.map((cell) => ({
            name: cell.attributes['name'] ?? '',
            width: Number(cell.attributes['width'] ?? 100),
          })),
        },
      ];
    },
  );
}
