import { testConfig } from '@outpost/vitest';

export default testConfig({ globalSetup: ['test/build-program.ts'] });
