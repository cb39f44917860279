import { strToU8, zipSync } from 'fflate';

/** A zip of text files, in memory. */
export function zip(files: Readonly<Record<string, string>>): Uint8Array {
  const entries = Object.entries(files).map(([name, text]) => [name, strToU8(text)] as const);
  return zipSync(Object.fromEntries(entries));
}

export const manifest =
  '<ImportExportXml><SolutionManifest><UniqueName>demo</UniqueName><Version>1.2</Version><Managed>0</Managed></SolutionManifest></ImportExportXml>';

/** A solution zip around the content of `customizations.xml`. */
export function solutionZip(content: string): Uint8Array {
  const customizations = `<ImportExportXml>${content}<Languages><Language>1033</Language></Languages></ImportExportXml>`;
  return zip({ 'solution.xml': manifest, 'customizations.xml': customizations });
}

export function attributeXml(name: string, type: string, more = ''): string {
  return `<attribute PhysicalName="${name}"><Type>${type}</Type><LogicalName>${name}</LogicalName><RequiredLevel>none</RequiredLevel><ValidForCreateApi>1</ValidForCreateApi>${more}<displaynames><displayname description="${name} label" languagecode="1033"/></displaynames></attribute>`;
}

export function entityXml(name: string, attributes: string, more = ''): string {
  return `<Entity><Name LocalizedName="${name} label">${name}</Name><EntityInfo><entity Name="${name}"><attributes>${attributeXml(`${name}id`, 'primarykey')}${attributes}</attributes><EntitySetName>${name}s</EntitySetName><OwnershipTypeMask>UserOwned</OwnershipTypeMask><LocalizedCollectionNames><LocalizedCollectionName description="${name} plural" languagecode="1033"/></LocalizedCollectionNames></entity></EntityInfo>${more}</Entity>`;
}
