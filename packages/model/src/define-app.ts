import type { AppModel } from './app-model.ts';

/** An app's tables and whatever else it has. */
export type AppDefinition = Pick<AppModel, 'uniqueName' | 'tables'> & Partial<AppModel>;

/** An app of its own making: what is not given is empty, so that a small app reads as small as it is. */
export function defineApp(definition: AppDefinition): AppModel {
  return {
    name: definition.uniqueName,
    version: '1.0.0.0',
    relationships: [],
    savedQueries: [],
    forms: [],
    rules: [],
    flows: [],
    roles: [],
    siteMap: { areas: [] },
    profile: { id: '', name: '', items: [] },
    ...definition,
  };
}
