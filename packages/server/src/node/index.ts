/** The organization on Node: SQLite store and HTTP. */
export { type ListenOptions, listen, type RunningServer } from './http-server.ts';
export { sqliteStore } from './sqlite-store.ts';
