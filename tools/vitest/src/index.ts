export { isLong, seededProperties, testConfig, testFiles } from './test-config.ts';
