export { isLong, testConfig, testFiles } from './test-config.ts';
