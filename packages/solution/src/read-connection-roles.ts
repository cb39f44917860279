import { parseGuid } from '@outpost/model';
import { attributeOf, descendants, type XmlNode } from './xml/xml-tree.ts';

/** What a row is to another row in a connection, such as Stakeholder. */
export interface ConnectionRole {
  readonly id: string;
  readonly name: string;
  /** Option of the choice `connectionrole.category`. */
  readonly category: number | null;
}

/** Element names differ in case between versions; values stand in elements or in attributes. */
export function readConnectionRoles(root: XmlNode): readonly ConnectionRole[] {
  const group = root.children.find((one) => one.name.toLowerCase() === 'connectionroles');
  const nodes = ['ConnectionRole', 'connectionrole'].flatMap((name) => descendants(group, name));
  return nodes.flatMap((node): ConnectionRole[] => {
    const id = parseGuid(attributeOf(node, 'connectionroleid'));
    const category = attributeOf(node, 'category');
    const known = /^\d+$/.test(category) ? Number(category) : null;
    return id === null ? [] : [{ id, name: attributeOf(node, 'name'), category: known }];
  });
}
