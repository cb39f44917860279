import type { CascadeKind, ManyToMany, ManyToOne, Relationship } from '@outpost/model';
import type { ReadContext } from './read-table.ts';
import { childNamed, childrenNamed, textOf, type XmlNode } from './xml/xml-tree.ts';

const cascadeKinds: Readonly<Record<string, CascadeKind>> = {
  NoCascade: 'noCascade',
  Cascade: 'cascade',
  Active: 'active',
  UserOwned: 'userOwned',
  RemoveLink: 'removeLink',
  Restrict: 'restrict',
};

/** Relationships of the solution; unknown kinds are reported and left out. */
export function readRelationships(
  root: XmlNode,
  report: ReadContext['report'],
): readonly Relationship[] {
  return childrenNamed(childNamed(root, 'EntityRelationships'), 'EntityRelationship').flatMap(
    (node): Relationship[] => {
      const name = node.attributes['Name'] ?? '';
      const kind = textOf(node, 'EntityRelationshipType');
      if (kind === 'OneToMany') return [readManyToOne(name, node)];
      if (kind === 'ManyToMany') return [readManyToMany(name, node)];
      const location = `customizations.xml/EntityRelationships/${name}`;
      report(
        'warning',
        'solution.unknownRelationship',
        `Relationship type "${kind}" is not known.`,
        location,
      );
      return [];
    },
  );
}

function readManyToOne(name: string, node: XmlNode): ManyToOne {
  return {
    kind: 'manyToOne',
    name,
    table: textOf(node, 'ReferencingEntityName').toLowerCase(),
    column: textOf(node, 'ReferencingAttributeName').toLowerCase(),
    target: textOf(node, 'ReferencedEntityName').toLowerCase(),
    cascade: {
      assign: cascadeKinds[textOf(node, 'CascadeAssign')] ?? 'noCascade',
      delete: cascadeKinds[textOf(node, 'CascadeDelete')] ?? 'noCascade',
      merge: cascadeKinds[textOf(node, 'CascadeMerge')] ?? 'noCascade',
      reparent: cascadeKinds[textOf(node, 'CascadeReparent')] ?? 'noCascade',
      share: cascadeKinds[textOf(node, 'CascadeShare')] ?? 'noCascade',
      unshare: cascadeKinds[textOf(node, 'CascadeUnshare')] ?? 'noCascade',
    },
    ...(textOf(node, 'IsHierarchical') === '1' ? { hierarchical: true } : {}),
  };
}

function readManyToMany(name: string, node: XmlNode): ManyToMany {
  const table1 = textOf(node, 'FirstEntityName').toLowerCase();
  const table2 = textOf(node, 'SecondEntityName').toLowerCase();
  const self = table1 === table2;
  return {
    kind: 'manyToMany',
    name,
    intersect: textOf(node, 'IntersectEntityName').toLowerCase(),
    table1,
    column1: self ? `${table1}idone` : `${table1}id`,
    table2,
    column2: self ? `${table2}idtwo` : `${table2}id`,
  };
}
