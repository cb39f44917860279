/**
 * A device on Node: files for its database.
 *
 * @packageDocumentation
 */
export { fileStorage, memoryStorage } from '@outpost/store/node';
