/** The people and units of an organization, as far as access depends on them. */
export interface Directory {
  readonly users: readonly DirectoryUser[];
  readonly teams: readonly DirectoryTeam[];
  readonly businessUnits: readonly { readonly id: string; readonly parentId: string | null }[];
  readonly positions: readonly { readonly id: string; readonly parentId: string | null }[];
}

export interface DirectoryUser {
  readonly id: string;
  readonly businessUnitId: string;
  readonly managerId: string | null;
  readonly positionId: string | null;
  readonly disabled: boolean;
}

export interface DirectoryTeam {
  readonly id: string;
  readonly businessUnitId: string;
  /** An owner team owns rows and holds roles; an access team is shared with only. */
  readonly type: 'owner' | 'access';
  readonly memberIds: readonly string[];
}

/** A unit and everything below it. A circle in the data ends the walk. */
export function withDescendants(
  nodes: readonly { readonly id: string; readonly parentId: string | null }[],
  root: string,
): readonly string[] {
  const children = new Map<string, string[]>();
  for (const { id, parentId } of nodes) {
    if (parentId === null) continue;
    const siblings = children.get(parentId);
    if (siblings === undefined) children.set(parentId, [id]);
    else siblings.push(id);
  }
  const found = new Set([root]);
  for (const id of found) for (const child of children.get(id) ?? []) found.add(child);
  return [...found].sort();
}
