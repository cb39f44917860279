import { seededProperties, testConfig } from '@outpost/vitest';

export default testConfig(seededProperties);
