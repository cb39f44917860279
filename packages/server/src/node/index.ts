/**
 * The organization on Node: SQLite store and HTTP.
 *
 * @packageDocumentation
 */
export { type ListenOptions, listen, type RunningServer } from './http-server.ts';
export { type MemoryStore, memoryStore, type SqliteOptions, sqliteStore } from './sqlite-store.ts';
