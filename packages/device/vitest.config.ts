import { isLong, seededProperties, testConfig, testFiles } from '@outpost/vitest';

/** Where there is a PostgreSQL to test with, some of the long tests run on it too. */
const hasPostgres = process.env['OUTPOST_POSTGRES'] !== undefined;
const onPostgres = {
  extends: true,
  test: {
    name: 'PostgreSQL',
    env: {
      OUTPOST_STORE: 'postgres',
      OUTPOST_OPERATIONS: process.env['OUTPOST_OPERATIONS'] ?? '120',
    },
    include: ['test/{convergence.property,publish}.test.ts'],
  },
} as const;

/** In the long tests the same devices on a plain Web API instead of the sync endpoint; `OUTPOST_TRANSPORT=dataverse` runs any test so. */
const onWebApi = {
  extends: true,
  test: {
    name: 'Web API',
    env: {
      OUTPOST_TRANSPORT: 'dataverse',
      OUTPOST_OPERATIONS: process.env['OUTPOST_OPERATIONS'] ?? '120',
    },
    include: ['test/{line,flow,rows,hazards,convergence.property}.test.ts'],
  },
} as const;

export default testConfig({
  ...seededProperties,
  // The longest of all packages, so that it is not waited for at the end.
  maxWorkers: 2,
  projects: [
    { extends: true, test: { ...testFiles, name: 'node:sqlite' } },
    ...(isLong ? [onWebApi] : []),
    ...(isLong && hasPostgres ? [onPostgres] : []),
  ],
});
