import {
  type CascadeKind,
  type Depth,
  type Form,
  type FormTab,
  type ManyToMany,
  type ManyToOne,
  type Privilege,
  parseGuid,
  privileges,
  type Relationship,
  type Role,
  type SavedQuery,
  type SiteMap,
  type TablePrivileges,
} from '@outpost/model';
import { entityName, type ReadContext } from './read-table.ts';
import {
  childNamed,
  childrenNamed,
  descendants,
  labelIn,
  textOf,
  toXml,
  type XmlNode,
} from './xml/xml-tree.ts';

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

const formTypes: Readonly<Record<string, Form['type']>> = {
  main: 'main',
  quick: 'quickView',
  quickCreate: 'quickCreate',
  card: 'card',
  mobile: 'mobile',
};

/** Forms below an element, of one table; `type` is Dataverse's name of the form type. */
export function readForms(
  parent: XmlNode | undefined,
  table: string,
  language: string,
): readonly { readonly form: Form; readonly type: string }[] {
  return childrenNamed(parent, 'forms').flatMap((group) => {
    const type = group.attributes['type'] ?? '';
    return childrenNamed(group, 'systemform').map((node) => ({
      type,
      form: {
        id: parseGuid(textOf(node, 'formid')) ?? textOf(node, 'formid'),
        name: labelIn(childNamed(node, 'LocalizedNames'), language) ?? 'Form',
        table,
        type: formTypes[type] ?? 'other',
        tabs: readTabs(childNamed(node, 'form'), language),
      },
    }));
  });
}

function readTabs(form: XmlNode | undefined, language: string): readonly FormTab[] {
  return childrenNamed(childNamed(form, 'tabs'), 'tab').map((tab) => ({
    label: labelIn(childNamed(tab, 'labels'), language) ?? '',
    sections: descendants(tab, 'section').map((section) => ({
      label: labelIn(childNamed(section, 'labels'), language) ?? '',
      controls: descendants(section, 'cell').flatMap((cell) => {
        const control = childNamed(cell, 'control');
        const column = control?.attributes['datafieldname'];
        if (control === undefined || column === undefined) return [];
        return [
          {
            column,
            label: labelIn(childNamed(cell, 'labels'), language) ?? '',
            ...(control.attributes['disabled'] === 'true' ? { readOnly: true } : {}),
            ...(cell.attributes['visible'] === 'false' ? { hidden: true } : {}),
          },
        ];
      }),
    })),
  }));
}

const depths: Readonly<Record<string, Depth>> = { Basic: 1, Local: 2, Deep: 3, Global: 4 };

export function readRoles(
  root: XmlNode,
  tables: ReadonlyMap<string, string>,
  report: ReadContext['report'],
): readonly Role[] {
  return childrenNamed(childNamed(root, 'Roles'), 'Role').map((node) => {
    const name = node.attributes['name'] ?? '';
    const granted: Record<string, TablePrivileges> = {};
    for (const one of descendants(node, 'RolePrivilege')) {
      const privilegeName = one.attributes['name'] ?? '';
      const parsed = parsePrivilege(privilegeName, tables);
      const depth = depths[one.attributes['level'] ?? ''];
      if (parsed === null || depth === undefined) {
        report(
          'info',
          'solution.unknownPrivilege',
          `Privilege "${privilegeName}" concerns no table of the solution.`,
          `customizations.xml/Roles/${name}`,
        );
        continue;
      }
      granted[parsed.table] = { ...granted[parsed.table], [parsed.privilege]: depth };
    }
    return { id: parseGuid(node.attributes['id'] ?? '') ?? name, name, privileges: granted };
  });
}

function parsePrivilege(
  name: string,
  tables: ReadonlyMap<string, string>,
): { readonly privilege: Privilege; readonly table: string } | null {
  // Longer names first: AppendTo begins with Append.
  const ordered = [...privileges].sort((a, b) => b.length - a.length);
  const lower = name.toLowerCase();
  for (const privilege of ordered) {
    const prefix = `prv${privilege.toLowerCase()}`;
    const table = lower.startsWith(prefix) ? tables.get(lower.slice(prefix.length)) : undefined;
    if (table !== undefined) return { privilege, table };
  }
  return null;
}

/** Navigation of the app; sub-areas that are not tables are reported and left out. */
export function readSiteMap(
  root: XmlNode,
  tables: ReadonlySet<string>,
  language: string,
  report: ReadContext['report'],
): SiteMap {
  const app = childNamed(
    childNamed(childNamed(root, 'AppModuleSiteMaps'), 'AppModuleSiteMap'),
    'SiteMap',
  );
  const title = (node: XmlNode): string => {
    const titles = childrenNamed(childNamed(node, 'Titles'), 'Title');
    const found = titles.find((one) => one.attributes['LCID'] === language) ?? titles[0];
    return found?.attributes['Title'] ?? node.attributes['Title'] ?? node.attributes['Id'] ?? '';
  };
  return {
    areas: childrenNamed(app, 'Area').map((area) => ({
      label: title(area),
      groups: childrenNamed(area, 'Group').map((group) => ({
        label: title(group),
        subAreas: childrenNamed(group, 'SubArea').flatMap((sub) => {
          const table = sub.attributes['Entity']?.toLowerCase();
          if (table !== undefined && tables.has(table)) return [{ label: title(sub), table }];
          const location = `customizations.xml/AppModuleSiteMaps/${area.attributes['Id']}/${sub.attributes['Id']}`;
          const what =
            table === undefined
              ? 'is not a table'
              : `names table "${table}", which the solution does not hold`;
          report('info', 'solution.subAreaLeftOut', `Sub-area "${title(sub)}" ${what}.`, location);
          return [];
        }),
      })),
    })),
  };
}
