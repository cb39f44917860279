import { testConfig } from '@outpost/vitest';

export default testConfig({
  globalSetup: ['test/build-program.ts'],
  // Much of what its tests do is waiting for programs.
  maxWorkers: 2,
});
