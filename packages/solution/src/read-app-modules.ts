import { parseGuid } from '@outpost/model';
import {
  childNamed,
  childrenNamed,
  descendants,
  labelIn,
  textOf,
  type XmlNode,
} from './xml/xml-tree.ts';

/** A model-driven app of a solution: which components it shows, and to whom. */
export interface AppModule {
  readonly uniqueName: string;
  readonly name: string;
  /** Logical names. */
  readonly tables: readonly string[];
  /** Ids of views, forms and process flows it lists; an empty list means all of its tables. */
  readonly views: readonly string[];
  readonly forms: readonly string[];
  readonly flows: readonly string[];
  /** Unique name of its site map. */
  readonly siteMap: string | null;
  /** Ids of the security roles that may open it. */
  readonly roles: readonly string[];
}

/** Component types of Dataverse. */
const componentTypes = { table: '1', view: '26', flow: '29', form: '60', siteMap: '62' } as const;

export function readAppModules(root: XmlNode, language: string): readonly AppModule[] {
  return childrenNamed(childNamed(root, 'AppModules'), 'AppModule').map((node) => {
    const components = descendants(childNamed(node, 'AppModuleComponents'), 'AppModuleComponent');
    const ofType = (type: string) => components.filter((one) => one.attributes['type'] === type);
    const ids = (nodes: readonly XmlNode[]) =>
      nodes.flatMap((one) => parseGuid(one.attributes['id'] ?? '') ?? []);
    const uniqueName = textOf(node, 'UniqueName');
    return {
      uniqueName,
      name: labelIn(childNamed(node, 'LocalizedNames'), language) ?? uniqueName,
      tables: ofType(componentTypes.table).map((one) =>
        (one.attributes['schemaName'] ?? '').toLowerCase(),
      ),
      views: ids(ofType(componentTypes.view)),
      forms: ids(ofType(componentTypes.form)),
      flows: ids(ofType(componentTypes.flow)),
      siteMap: ofType(componentTypes.siteMap)[0]?.attributes['schemaName'] ?? null,
      roles: ids(descendants(childNamed(node, 'AppModuleRoleMaps'), 'Role')),
    };
  });
}
