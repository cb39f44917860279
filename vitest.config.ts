import { defineConfig } from 'vitest/config';

/** Used by `npm run watch` only: one process over all workspaces. */
export default defineConfig({
  test: { projects: ['packages/*', 'apps/*', 'tools/*', 'bench'] },
});
