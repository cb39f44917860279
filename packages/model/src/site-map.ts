/** Navigation of an app: areas, groups and sub-areas. */
export interface SiteMap {
  readonly areas: readonly SiteMapArea[];
}
export interface SiteMapArea {
  readonly label: string;
  readonly groups: readonly SiteMapGroup[];
}
export interface SiteMapGroup {
  readonly label: string;
  readonly subAreas: readonly SiteMapSubArea[];
}
export interface SiteMapSubArea {
  readonly label: string;
  readonly table: string;
  /** Id of the view it opens; absent: the table's default view. */
  readonly view?: string;
}

/** Tables of a site map in reading order, without repetition. */
export function siteMapTables(siteMap: SiteMap): readonly string[] {
  const tables = siteMap.areas.flatMap((area) =>
    area.groups.flatMap((groupOf) => groupOf.subAreas.map((sub) => sub.table)),
  );
  return [...new Set(tables)];
}
