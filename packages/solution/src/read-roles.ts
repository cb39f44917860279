import {
  type ColumnRight,
  type Depth,
  type FieldSecurityProfile,
  type Privilege,
  parseGuid,
  privileges,
  type Role,
  type TablePrivileges,
} from '@outpost/model';
import type { ReadContext } from './read-table.ts';
import {
  attributeOf,
  childNamed,
  childrenNamed,
  descendants,
  type XmlNode,
} from './xml/xml-tree.ts';

const depths: Readonly<Record<string, Depth>> = { Basic: 1, Local: 2, Deep: 3, Global: 4 };

/** Security roles with their privileges on tables of the solution; the rest is reported once per role. */
export function readRoles(
  root: XmlNode,
  tables: ReadonlyMap<string, string>,
  report: ReadContext['report'],
): readonly Role[] {
  return childrenNamed(childNamed(root, 'Roles'), 'Role').map((node): Role => {
    const name = node.attributes['name'] ?? '';
    const granted: Record<string, TablePrivileges> = {};
    const others: string[] = [];
    for (const one of descendants(node, 'RolePrivilege')) {
      const privilegeName = one.attributes['name'] ?? '';
      const parsed = parsePrivilege(privilegeName, tables);
      const depth = depths[one.attributes['level'] ?? ''];
      if (parsed === null || depth === undefined) others.push(privilegeName);
      else granted[parsed.table] = { ...granted[parsed.table], [parsed.privilege]: depth };
    }
    if (others.length > 0) {
      report(
        'info',
        'solution.otherPrivileges',
        `${others.length} privileges concern no table of the solution: ${others.slice(0, 5).join(', ')}${others.length > 5 ? ', ...' : ''}`,
        `customizations.xml/Roles/${name}`,
      );
    }
    return {
      id: parseGuid(node.attributes['id'] ?? '') ?? name,
      name,
      privileges: granted,
      ...(attributeOf(node, 'isinherited') === '0' ? { inheritance: 'teamOnly' } : {}),
    };
  });
}

// Longer names first: AppendTo begins with Append.
const privilegesByLength = [...privileges].sort((a, b) => b.length - a.length);

function parsePrivilege(
  name: string,
  tables: ReadonlyMap<string, string>,
): { readonly privilege: Privilege; readonly table: string } | null {
  const lower = name.toLowerCase();
  for (const privilege of privilegesByLength) {
    const prefix = `prv${privilege.toLowerCase()}`;
    const table = lower.startsWith(prefix) ? tables.get(lower.slice(prefix.length)) : undefined;
    if (table !== undefined) return { privilege, table };
  }
  return null;
}

/** Dataverse's value for an allowed right of a field permission. */
const allowed = '4';

/** Field security profiles with their rights on secured columns. */
export function readFieldSecurityProfiles(root: XmlNode): readonly FieldSecurityProfile[] {
  const profiles = descendants(childNamed(root, 'FieldSecurityProfiles'), 'FieldSecurityProfile');
  return profiles.map((node): FieldSecurityProfile => {
    const name = attributeOf(node, 'name');
    return {
      id: parseGuid(attributeOf(node, 'fieldsecurityprofileid')) ?? name,
      name,
      permissions: descendants(node, 'FieldPermission').map((one) => {
        const may = (right: ColumnRight) =>
          attributeOf(one, `can${right}`) === allowed ? [right] : [];
        return {
          table: attributeOf(one, 'entityname').toLowerCase(),
          column: attributeOf(one, 'attributelogicalname').toLowerCase(),
          rights: [...may('create'), ...may('read'), ...may('update')],
        };
      }),
    };
  });
}
