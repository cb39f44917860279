/**
 * The organization on PostgreSQL: one database, any number of processes. Needs the package `pg`.
 *
 * @packageDocumentation
 */
export { type PostgresOptions, postgresStore } from './postgres-store.ts';
