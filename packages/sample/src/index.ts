/**
 * The sample app: sales and service with standard tables, one custom table, views, forms, rules, a process flow, roles
 * and an offline profile, and a seeded generator of believable rows.
 *
 * ```ts
 * for (const row of generateRows({ random: seededRandom(1), now: Date.parse('2026-03-02') })) console.log(row.table);
 * ```
 *
 * @packageDocumentation
 */
export { sampleApp } from './app.ts';
export { namedRows, type SampleUser, sampleUsers, southTeamId } from './directory.ts';
export { generateRows, type SampleOptions } from './generate.ts';
export { roleIds } from './roles.ts';
export type { SampleRow } from './sample-row.ts';
