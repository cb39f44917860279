import { defineConfig } from 'vitest/config';

/** Where there is a PostgreSQL to test with, some of the tests run on it too. */
const hasPostgres = process.env['OUTPOST_POSTGRES'] !== undefined;
const onPostgres = {
  extends: true,
  test: {
    name: 'PostgreSQL',
    env: { OUTPOST_STORE: 'postgres' },
    include: ['test/{http,limits,profile-rows,reach}.test.ts', 'test/web-api/*.test.ts'],
  },
} as const;

export default defineConfig({
  test: {
    projects: [
      { extends: true, test: { name: 'node:sqlite' } },
      ...(hasPostgres ? [onPostgres] : []),
    ],
  },
});
