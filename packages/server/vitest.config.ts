import { isLong, testConfig, testFiles } from '@outpost/vitest';

/** Where there is a PostgreSQL to test with, some of the tests run on it too. */
const hasPostgres = process.env['OUTPOST_POSTGRES'] !== undefined;
const onPostgres = {
  extends: true,
  test: {
    name: 'PostgreSQL',
    env: { OUTPOST_STORE: 'postgres' },
    include: isLong
      ? ['test/web-api/*.test.ts', 'test/{columns,limits,reach}.test.ts']
      : ['test/{http,profile-rows}.test.ts', 'test/web-api/web-api.test.ts'],
  },
} as const;

export default testConfig({
  projects: [
    { extends: true, test: { ...testFiles, name: 'node:sqlite' } },
    ...(hasPostgres ? [onPostgres] : []),
  ],
});
