/** Tables that have no views offline; their rows are reached through forms, subgrids and the timeline. */
export const tablesWithoutOfflineViews: ReadonlySet<string> = new Set([
  'email',
  'task',
  'fax',
  'letter',
  'serviceappointment',
  'campaignresponse',
  'campaignactivity',
  'recurringappointmentmaster',
  'socialactivity',
]);

/** Commands of a process flow offline; finishing, abandoning, switching and creating one are online commands. */
export const offlineFlowCommands = ['nextStage', 'previousStage', 'setActiveStage'] as const;

export type Platform = 'android' | 'windows' | 'ios';

/** Where a web resource is used decides on which platforms it works offline. */
export type WebResourceUse =
  | 'formScript'
  | 'ribbonScript'
  | 'scriptInHtml'
  | 'embeddedHtml'
  | 'embeddedImage'
  | 'embeddedResx'
  | 'resxDependency'
  | 'siteMapPage';

const everywhere: readonly Platform[] = ['android', 'windows', 'ios'];
const notOnIos: readonly Platform[] = ['android', 'windows'];

export const webResourcePlatforms: Readonly<Record<WebResourceUse, readonly Platform[]>> = {
  formScript: everywhere,
  ribbonScript: everywhere,
  resxDependency: everywhere,
  scriptInHtml: notOnIos,
  embeddedHtml: notOnIos,
  embeddedImage: [],
  embeddedResx: [],
  siteMapPage: [],
};

export function webResourceAvailable(use: WebResourceUse, platform: Platform): boolean {
  return webResourcePlatforms[use].includes(platform);
}

/** What does not work offline, whatever the table; the text is for people. */
export const offlineLimits: readonly { readonly area: string; readonly limit: string }[] = [
  { area: 'views', limit: 'System views and quick find only; personal views are online only.' },
  { area: 'views', limit: 'A view that reads a table outside the profile is not available.' },
  { area: 'grids', limit: 'No column filters, thumbnails or custom icons.' },
  { area: 'search', limit: 'One table at a time, by its quick find view; never relevance search.' },
  { area: 'search', limit: 'Date columns are not searched.' },
  { area: 'lookups', limit: 'All tables a lookup may point at must be in the profile.' },
  { area: 'relationships', limit: 'N:N rows are read-only: no Add Existing, no associating.' },
  { area: 'columns', limit: 'Calculated and rollup columns show their last value.' },
  { area: 'columns', limit: 'Mapped columns are not filled in advance.' },
  { area: 'data', limit: 'No duplicate detection and no merging.' },
  {
    area: 'security',
    limit:
      'Secured columns come to a device only for users who may read them; sharing of columns is not supported.',
  },
  { area: 'appointments', limit: 'Appointments are not sent to recipients.' },
  {
    area: 'process flows',
    limit: 'Flows over one table only; next, previous and set active stage.',
  },
  { area: 'web resources', limit: 'Images, RESX and site map pages do not work; HTML not on iOS.' },
];
