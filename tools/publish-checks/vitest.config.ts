import { testConfig } from '@outpost/vitest';

export default testConfig({ isolate: true, passWithNoTests: true });
