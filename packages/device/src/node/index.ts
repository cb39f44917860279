/** A device on Node: files for its database. */
export { fileStorage, memoryStorage } from '@outpost/store/node';
