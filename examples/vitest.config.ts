import { testConfig } from '@outpost/vitest';

export default testConfig();
